"""URLs of the metadata store."""

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
def test_url(text: str, url: MetadataUrl) -> None:
    assert parse_metadata_url(text) == url


def test_url_is_shown_as_given() -> None:
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
    assert "contains a user or a password" in caught.value.message
    assert "METADATA_PASSWORD_FILE" in (caught.value.hint or "")
    assert "geheim" not in str(caught.value) and "heim@" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a URL of a metadata store"),
        ("/data/m.sqlite", "not a URL of a metadata store"),
        ("oracle://me:geheim@db/meta", "not a URL of a metadata store"),
        ("sqlite://data/m.sqlite", "the absolute path, after three slashes, is missing"),
        ("sqlite://", "the absolute path"),
        ("postgresql://db", "the name of the database is missing"),
        ("postgresql://db/a/b", "the name of the database is missing"),
        ("postgresql://db/m%C3%A4", "([A-Za-z0-9_$.-]+), because ML Metadata does not quote"),
        ("postgresql://db/meta%0A", "[A-Za-z0-9_$.-]+"),
        ("postgresql://db/x%20password%3Dgeheim", "[A-Za-z0-9_$.-]+"),
        ("postgresql://db/it's", "[A-Za-z0-9_$.-]+"),
        ("mysql://db/exi-sting", "letters, digits, _ and $, not digits only"),
        ("mysql://db/2026", "not digits only ([A-Za-z0-9_$]+)"),
        ("mysql://db/meta;geheim", "[A-Za-z0-9_$]+"),
        ("postgresql://me:geheim/meta", "the port is not a number"),
        ("postgresql:///meta", "the host or its port is missing"),
        ("grpc://h", "the host or its port is missing"),
        ("grpc://h:8080/x", "nothing may follow the port"),
        ("postgresql://db/meta?options=geheim", "allowed: none"),
        ("postgresql://db/meta?sslmode=require", "client for PostgreSQL has no TLS"),
        ("grpc://h:8080?ssl=geheim", "allowed: ssl_ca"),
        ("mysql://db/meta?geheim", "cannot be parsed"),
        ("grpc://[::1", "cannot be parsed"),
        ("mysql://db/meta?ssl_ca=/ca.pem", "cannot verify a certificate"),
    ],
)
def test_error_messages_do_not_repeat_what_may_be_secret(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_metadata_url(text)
    assert message in caught.value.message
    assert "://" in (caught.value.hint or "") and "--metadata" not in caught.value.message
    assert "geheim" not in str(caught.value)


def test_the_hint_shows_the_options() -> None:
    with pytest.raises(UserError) as caught:
        parse_metadata_url("grpc://h:8080?ssl=yes")
    assert caught.value.hint == "Write grpc://HOST:PORT[?ssl_ca=FILE]."
