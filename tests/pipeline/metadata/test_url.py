"""Addresses of the metadata."""

import pytest

from components.errors import UserError
from pipeline.metadata.url import MetadataUrl, parse_metadata_url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("sqlite:///data/m.sqlite", MetadataUrl("sqlite", database="/data/m.sqlite")),
        ("sqlite:///data/a%20b@c", MetadataUrl("sqlite", database="/data/a b@c")),
        ("postgresql://db/meta", MetadataUrl("postgresql", "db", 5432, "meta")),
        ("postgresql://db:6000/meta", MetadataUrl("postgresql", "db", 6000, "meta")),
        ("postgresql://db/_meta_2", MetadataUrl("postgresql", "db", 5432, "_meta_2")),
        ("mysql://db/meta", MetadataUrl("mysql", "db", 3306, "meta")),
        ("mysql://db/Meta_2$", MetadataUrl("mysql", "db", 3306, "Meta_2$")),
        (
            "grpc://metadata-grpc-service.kubeflow:8080",
            MetadataUrl("grpc", "metadata-grpc-service.kubeflow", 8080),
        ),
        ("grpc://[::1]:8080", MetadataUrl("grpc", "::1", 8080)),
        ("grpc://h:8080?ssl_ca=/ca", MetadataUrl("grpc", "h", 8080, options={"ssl_ca": "/ca"})),
    ],
)
def test_address(text: str, url: MetadataUrl) -> None:
    assert parse_metadata_url(text) == url


def test_address_is_shown_as_it_was_given() -> None:
    for text in ("sqlite:///data/m.sqlite", "postgresql://db:5432/meta", "grpc://h:8080"):
        assert str(parse_metadata_url(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me:geheim@db/meta",
        "postgresql://me:ge@heim@db/meta",
        "postgresql://geheim@db/meta",
        "mysql://db/meta?password=geheim",
        "postgresql://db/meta?user=geheim",
        "grpc://me:geheim@h:8080",
        "sqlite://me:geheim@/data/m",
    ],
)
def test_credentials_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_metadata_url(text)
    assert "holds a user or a password" in caught.value.message
    assert "METADATA_PASSWORD_FILE" in (caught.value.hint or "")
    assert "geheim" not in str(caught.value) and "heim@" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no such address"),
        ("/data/m.sqlite", "no such address"),
        ("oracle://me:geheim@db/meta", "no such address"),
        ("sqlite://data/m.sqlite", "an absolute path, after three slashes, is missing"),
        ("sqlite://", "an absolute path"),
        ("postgresql://db", "the name of the database is missing"),
        ("postgresql://db/a/b", "the name of the database is missing"),
        ("postgresql://db/m%C3%A4", "([A-Za-z0-9_$.-]+), for ML Metadata puts no quotes around"),
        ("postgresql://db/meta%0A", "[A-Za-z0-9_$.-]+"),
        ("postgresql://db/x%20password%3Dgeheim", "[A-Za-z0-9_$.-]+"),
        ("postgresql://db/it's", "[A-Za-z0-9_$.-]+"),
        ("mysql://db/exi-sting", "letters, digits, _ and $, and not of digits alone"),
        ("mysql://db/2026", "not of digits alone ([A-Za-z0-9_$]+)"),
        ("mysql://db/meta;geheim", "[A-Za-z0-9_$]+"),
        ("postgresql://me:geheim/meta", "the port is no number"),
        ("postgresql:///meta", "the host and its port are missing"),
        ("grpc://h", "the host and its port are missing"),
        ("grpc://h:8080/x", "nothing follows the port"),
        ("postgresql://db/meta?options=geheim", "allowed: none"),
        ("postgresql://db/meta?sslmode=require", "client for PostgreSQL has no TLS"),
        ("grpc://h:8080?ssl=geheim", "allowed: ssl_ca"),
        ("mysql://db/meta?geheim", "cannot be read"),
        ("grpc://[::1", "cannot be read"),
        ("mysql://db/meta?ssl_ca=/ca.pem", "cannot check a certificate"),
    ],
)
def test_mistakes_are_told_without_repeating_what_may_be_secret(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_metadata_url(text)
    assert message in caught.value.message
    assert "://" in (caught.value.hint or "") and "--metadata" not in caught.value.message
    assert "geheim" not in str(caught.value)


def test_a_form_shows_its_options() -> None:
    with pytest.raises(UserError) as caught:
        parse_metadata_url("grpc://h:8080?ssl=yes")
    assert caught.value.hint == "Write grpc://HOST:PORT[?ssl_ca=FILE]."
