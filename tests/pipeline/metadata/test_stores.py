"""Names that MySQL does not distinguish, directly and through a service; special characters."""

import contextlib
from collections.abc import Iterator

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2

from components.errors import UserError
from pipeline.metadata.connection import connection_config, open_store
from pipeline.metadata.credentials import Login
from pipeline.metadata.retries import retry_transient
from pipeline.metadata.stores import CaseSensitiveStore, PostgreSQLStore
from pipeline.metadata.url import parse_metadata_url
from tests.fakes.servers.metadata_service import run_metadata_service
from tests.fakes.servers.mysql import MySQL, run_mysql
from tests.fakes.servers.postgresql import run_postgresql


@pytest.fixture(scope="module")
def server() -> Iterator[MySQL]:
    with run_mysql() as server:
        yield server


@contextlib.contextmanager
def opened(server: MySQL, database: str, *, through_service: bool) -> Iterator[mlmd.MetadataStore]:
    login = Login(server.user, server.password)
    config = connection_config(parse_metadata_url(server.url(database)), login)
    if not through_service:
        yield open_store(config)
        return
    with run_metadata_service(config) as port:
        yield open_store(connection_config(parse_metadata_url(f"grpc://127.0.0.1:{port}")))


def put_context(store: mlmd.MetadataStore, name: str) -> None:
    type_id = store.put_context_type(metadata_store_pb2.ContextType(name="pipeline"))
    store.put_contexts([metadata_store_pb2.Context(type_id=type_id, name=name)])


@pytest.mark.parametrize("through_service", [False, True], ids=["mysql", "grpc"])
def test_a_name_in_another_case_is_refused(server: MySQL, through_service: bool) -> None:
    with opened(server, f"names_{through_service}", through_service=through_service) as store:
        put_context(store, "pets")
        assert store.get_context_by_type_and_name("pipeline", "pets").name == "pets"
        assert store.get_context_by_type_and_name("pipeline", "cats") is None
        with pytest.raises(
            UserError, match="does not distinguish Pets from pets, which exists"
        ) as caught:
            store.get_context_by_type_and_name("pipeline", "Pets")
    # The statement in the hint works.
    statement = "CREATE DATABASE {} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    assert statement.format("...") in (caught.value.hint or "")
    server.execute(statement.format(f"case_{through_service}"))
    with opened(server, f"case_{through_service}", through_service=through_service) as store:
        put_context(store, "pets")
        assert store.get_context_by_type_and_name("pipeline", "Pets") is None
        put_context(store, "Pets")
        assert store.get_context_by_type_and_name("pipeline", "Pets").name == "Pets"


def test_every_store_checks() -> None:
    assert issubclass(PostgreSQLStore, CaseSensitiveStore)


TEXTS = {
    "json_in_json": '{"model": "{\\"alpha\\": 0.35}"}',
    "umlaut": '{"label": "K\\u00e4fer"}',
    "quotes": "it's \"so\" \\ and 'E'\\\\",
    "plain": "no special characters",
    "statement": "\\'; DROP TABLE artifact; --",
    "mark": "\ue05c0 and \ue05c1 and \ue05c\\ and \ue05c",
}


def test_texts_are_read_back_unchanged() -> None:
    with run_postgresql() as server:
        url = parse_metadata_url(server.url("metadata"))
        store = open_store(connection_config(url, Login(server.user, server.password)))
        artifact_type = metadata_store_pb2.ArtifactType(name="Texts")
        artifact_type.properties["umlaut"] = metadata_store_pb2.STRING
        type_id = store.put_artifact_type(artifact_type)
        artifact = metadata_store_pb2.Artifact(type_id=type_id, uri="/a\\b", name="back\\slash")
        artifact.properties["umlaut"].string_value = TEXTS["umlaut"]
        for name, text in TEXTS.items():
            artifact.custom_properties[name].string_value = text
        [artifact_id] = store.put_artifacts([artifact])
        [found] = store.get_artifacts_by_id([artifact_id])
        by_name = store.get_artifact_by_type_and_name("Texts", "back\\slash")
        too_long = metadata_store_pb2.Artifact(type_id=type_id, name="n" * 300)
        with pytest.raises(UserError, match=r"this length: value too long for type .*\(255\)"):
            retry_transient(lambda: store.put_artifacts([too_long]))
    assert found.id == by_name.id
    assert (found.uri, found.name) == ("/a\\b", "back\\slash")
    assert found.properties["umlaut"].string_value == TEXTS["umlaut"]
    assert {key: value.string_value for key, value in found.custom_properties.items()} == TEXTS
