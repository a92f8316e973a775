"""Metadata in a MySQL server: texts, logins and privileges."""

from collections.abc import Iterator
from typing import Any

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2

from components.errors import UserError
from pipeline.metadata.connection import connection_config, open_store, store_url
from pipeline.metadata.credentials import Login
from pipeline.metadata.retries import retry_transient
from pipeline.metadata.url import parse_metadata_url
from tests.fakes.servers.mysql import MySQL, run_mysql

TEXTS = {
    "json_in_json": '{"model": "{\\"alpha\\": 0.35}"}',
    "quotes": "it's \"so\" \\ and `so` and 'E'\\\\",
    "statement": "\\'; DROP TABLE Artifact; --",
    "unicode": "K\u00e4fer \u7532\u866b \U0001f41e \u0081\u00ff",
    "long": "\u00e4" * 100_000,
}


@pytest.fixture(scope="module")
def server() -> Iterator[MySQL]:
    with run_mysql() as server:
        yield server


def config_of(server: MySQL, database: str, **changes: str) -> Any:
    login = Login(changes.get("user", server.user), changes.get("password", server.password))
    return connection_config(parse_metadata_url(server.url(database)), login)


def put_context(store: mlmd.MetadataStore, name: str) -> None:
    type_id = store.put_context_type(metadata_store_pb2.ContextType(name="pipeline"))
    store.put_contexts([metadata_store_pb2.Context(type_id=type_id, name=name)])


def test_texts_are_read_back_unchanged(server: MySQL) -> None:
    store = open_store(config_of(server, "texts"))
    artifact_type = metadata_store_pb2.ArtifactType(name="Texts")
    artifact_type.properties["unicode"] = metadata_store_pb2.STRING
    artifact = metadata_store_pb2.Artifact(
        type_id=store.put_artifact_type(artifact_type), uri="/a\\b/K\u00e4fer", name="back\\slash"
    )
    artifact.properties["unicode"].string_value = TEXTS["unicode"]
    for name, text in TEXTS.items():
        artifact.custom_properties[name].string_value = text
    store.put_artifacts([artifact])
    # Through another connection, so that nothing comes from memory.
    found = open_store(config_of(server, "texts")).get_artifact_by_type_and_name(
        "Texts", "back\\slash"
    )
    assert (found.uri, found.name) == (artifact.uri, artifact.name)
    assert found.properties["unicode"].string_value == TEXTS["unicode"]
    assert {key: value.string_value for key, value in found.custom_properties.items()} == TEXTS


def test_a_text_longer_than_its_column(server: MySQL) -> None:
    config = config_of(server, "texts")
    with pytest.raises(UserError, match="cannot store a text of this length: Data too long for "):
        retry_transient(lambda: put_context(open_store(config), "n" * 300))
    with pytest.raises(UserError, match="Got a packet bigger than 'max_allowed_packet' bytes"):
        retry_transient(lambda: put_context(open_store(config), "n" * 17 * 2**20))


def test_a_wrong_password(server: MySQL, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError) as caught:
        open_store(config_of(server, "locked", password="geheim"), timeout_seconds=1.0)
    assert (
        caught.value.message
        == f"authentication failed at the metadata store {server.url('locked')}"
    )
    assert "Check user and password" in (caught.value.hint or "")
    assert "geheim" not in f"{capfd.readouterr()}{caught.value}"


def test_a_user_with_another_authentication_plugin(server: MySQL) -> None:
    server.execute(
        "INSTALL SONAME 'auth_ed25519'",
        "CREATE USER 'modern'@'127.0.0.1' IDENTIFIED VIA ed25519 USING PASSWORD('pw')",
    )
    with pytest.raises(UserError) as caught:
        open_store(config_of(server, "m", user="modern", password="pw"), timeout_seconds=1.0)
    assert "mysql_native_password" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("database", "reason"),
    [
        ("strange", "Access denied for user 'poor'@'127.0.0.1' to database 'strange'"),
        ("order", "You have an error in your SQL syntax"),
    ],
)
def test_a_database_that_cannot_be_created(server: MySQL, database: str, reason: str) -> None:
    server.execute("CREATE USER IF NOT EXISTS 'poor'@'127.0.0.1' IDENTIFIED BY 'pw'")
    with pytest.raises(UserError) as caught:
        open_store(config_of(server, database, user="poor", password="pw"), timeout_seconds=1.0)
    assert f"{server.url(database)} cannot be used: Creating database" in caught.value.message
    assert reason in caught.value.message and "\n" not in caught.value.message
    assert "mysql_native_password" not in (caught.value.hint or "")


def test_a_user_that_requires_ssl(server: MySQL) -> None:
    server.execute(
        "CREATE USER 'careful'@'127.0.0.1' IDENTIFIED BY 'pw' REQUIRE SSL",
        "GRANT ALL ON *.* TO 'careful'@'127.0.0.1'",
    )
    config = config_of(server, "encrypted", user="careful", password="pw")
    assert open_store(config, timeout_seconds=1.0).get_artifacts() == []


def test_localhost_is_not_a_socket(server: MySQL) -> None:
    url = parse_metadata_url(f"mysql://localhost:{server.port}/local")
    config = connection_config(url, Login(server.user, server.password))
    assert store_url(config) == f"mysql://127.0.0.1:{server.port}/local"
    assert open_store(config, timeout_seconds=1.0).get_artifacts() == []
