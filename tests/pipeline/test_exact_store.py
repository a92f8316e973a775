"""Names that are one for a database, as MySQL has them: asked itself, and through a service."""

import contextlib
from collections.abc import Iterator

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2

from components.errors import UserError
from pipeline.exact_store import ExactStore
from pipeline.metadata_login import Login
from pipeline.metadata_store import connection_config, open_store
from pipeline.metadata_url import parse_metadata_url
from pipeline.postgresql_store import PostgreSQLStore
from tests.metadata_service import run_metadata_service
from tests.mysql import MySQL, run_mysql


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
def test_another_name_is_no_answer(server: MySQL, through_service: bool) -> None:
    with opened(server, f"names_{through_service}", through_service=through_service) as store:
        put_context(store, "pets")
        assert store.get_context_by_type_and_name("pipeline", "pets").name == "pets"
        assert store.get_context_by_type_and_name("pipeline", "cats") is None
        with pytest.raises(UserError, match="takes Pets for pets, which it has already") as caught:
            store.get_context_by_type_and_name("pipeline", "Pets")
    # What the hint says helps.
    statement = "CREATE DATABASE {} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    assert statement.format("...") in (caught.value.hint or "")
    server.execute(statement.format(f"exact_{through_service}"))
    with opened(server, f"exact_{through_service}", through_service=through_service) as store:
        put_context(store, "pets")
        assert store.get_context_by_type_and_name("pipeline", "Pets") is None
        put_context(store, "Pets")
        assert store.get_context_by_type_and_name("pipeline", "Pets").name == "Pets"


def test_every_store_checks() -> None:
    assert issubclass(PostgreSQLStore, ExactStore)
