"""Connections to real metadata servers: some start late, reject the login, or do not exist."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import ml_metadata as mlmd
import pytest

from components.errors import UserError
from pipeline.execution.attempt import start_attempt
from pipeline.metadata.connection import connection_config, open_store
from pipeline.metadata.credentials import Login
from pipeline.metadata.url import parse_metadata_url
from tests.fakes.servers.certificate import make_certificate
from tests.fakes.servers.database_server import free_port
from tests.fakes.servers.metadata_service import run_metadata_service
from tests.fakes.servers.mysql import run_mysql
from tests.fakes.servers.postgresql import PostgreSQL, run_postgresql

# Each process registers a type and starts an attempt of the same node.
_NODE = """
import sys
from pipeline.execution.attempt import start_attempt
from pipeline.metadata.connection import connection_config, open_store
from pipeline.metadata.credentials import Login
from pipeline.metadata.retries import retry_transient
from pipeline.metadata.url import parse_metadata_url
url, *login = sys.argv[1:]
store = open_store(connection_config(parse_metadata_url(url), Login(*login)))
print(retry_transient(lambda: start_attempt(store, "run.Trainer")).number)
"""


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    with run_postgresql() as server:
        yield server


def config_of(server: PostgreSQL, database: str) -> Any:
    login = Login(server.user, server.password)
    return connection_config(parse_metadata_url(server.url(database)), login)


def start_together(url: str, *login: str) -> list[str]:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _NODE, url, *login],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(5)
    ]
    finished = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0] * 5, finished
    return sorted(out.strip() for out, _ in finished)


def test_nodes_start_together_on_an_empty_postgresql(postgresql: PostgreSQL) -> None:
    url = postgresql.url("together")
    assert start_together(url, postgresql.user, postgresql.password) == ["1", "2", "3", "4", "5"]


@pytest.mark.slow
def test_nodes_start_together_on_an_empty_mysql() -> None:
    with run_mysql() as server:
        attempts = start_together(server.url("together"), server.user, server.password)
    assert attempts == ["1", "2", "3", "4", "5"]


def test_nodes_start_together_on_an_empty_file(tmp_path: Path) -> None:
    assert start_together(f"sqlite://{tmp_path}/new/m.sqlite", "") == ["1", "2", "3", "4", "5"]


def test_a_wrong_password(postgresql: PostgreSQL, capfd: pytest.CaptureFixture[str]) -> None:
    config = config_of(postgresql, "locked")
    config.postgresql.password = "geheim"
    with pytest.raises(UserError) as caught:
        open_store(config, timeout_seconds=1.0)
    assert f"{postgresql.url('locked')} rejected the connection" in caught.value.message
    assert "password" in (caught.value.hint or "")
    # The server's own message is in the log; the password is nowhere.
    output = capfd.readouterr()
    assert "password authentication failed" in output.err
    assert "geheim" not in f"{output}{caught.value}"


def test_special_characters_in_a_login(capfd: pytest.CaptureFixture[str]) -> None:
    password = "ge heim 'x\\ =port"
    with run_postgresql(password=password, user="jo of sales") as server:
        assert open_store(config_of(server, "passwords"), 1.0).get_artifacts() == []
        with pytest.raises(UserError, match="rejected the connection"):
            login = Login(server.user, f"{password}'")
            open_store(connection_config(parse_metadata_url(server.url("passwords")), login), 1.0)
    assert "heim" not in capfd.readouterr().err
    # An empty one is quoted too, or libpq would take the next setting for its value.
    assert connection_config(parse_metadata_url("postgresql://h/m")).postgresql.password == "''"


def test_an_existing_database_may_have_a_name_that_needs_quotes(postgresql: PostgreSQL) -> None:
    postgresql.create("Ml-Meta.2")
    assert open_store(config_of(postgresql, "Ml-Meta.2"), 1.0).get_artifacts() == []
    with pytest.raises(UserError, match="/me-ta rejected the connection"):
        open_store(config_of(postgresql, "me-ta"), 1.0)


def test_why_postgresql_has_no_tls(capfd: pytest.CaptureFixture[str]) -> None:
    config = connection_config(parse_metadata_url("postgresql://127.0.0.1/m"), Login("me", "pw"))
    config.postgresql.ssloption.sslmode = "require"
    with pytest.raises(RuntimeError):
        mlmd.MetadataStore(config)
    assert "SSL support is not compiled in" in capfd.readouterr().err


def test_connection_refused() -> None:
    config = connection_config(
        parse_metadata_url(f"postgresql://127.0.0.1:{free_port()}/m"), Login("me")
    )
    start = time.monotonic()
    with pytest.raises(UserError, match="cannot be reached"):
        open_store(config, timeout_seconds=2.0)
    assert 2.0 <= time.monotonic() - start < 20.0


def test_a_server_that_starts_late() -> None:
    port = free_port()
    url = parse_metadata_url(f"postgresql://127.0.0.1:{port}/late")
    with futures.ThreadPoolExecutor(1) as thread:
        opened = thread.submit(open_store, connection_config(url, Login("pipeline", "pw")))
        time.sleep(1.0)
        assert not opened.done()
        with run_postgresql(port, password="pw"):
            assert opened.result(60.0).get_artifacts() == []


def test_file_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    url = parse_metadata_url(f"sqlite://{tmp_path}/file/m.sqlite")
    with pytest.raises(UserError, match="cannot be opened"):
        open_store(connection_config(url), timeout_seconds=0.5)


def file_config(folder: Path) -> Any:
    return connection_config(parse_metadata_url(f"sqlite://{folder}/m.sqlite"))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[int]:
    with run_metadata_service(file_config(tmp_path)) as port:
        yield port


def test_grpc_service(service: int) -> None:
    config = connection_config(parse_metadata_url(f"grpc://127.0.0.1:{service}"))
    store = open_store(config)
    assert isinstance(store, mlmd.MetadataStore)
    assert [start_attempt(store, "run.Trainer").number for _ in range(2)] == [1, 2]


def test_grpc_service_with_a_certificate(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, "DNS:localhost")
    other = make_certificate(tmp_path / "other", "DNS:localhost")
    with run_metadata_service(file_config(tmp_path), certificate) as port:
        url = f"grpc://localhost:{port}?ssl_ca="
        store = open_store(connection_config(parse_metadata_url(f"{url}{certificate.file}")))
        assert start_attempt(store, "run.Trainer").number == 1
        with pytest.raises(UserError, match="rejected the connection"):
            open_store(connection_config(parse_metadata_url(f"{url}{other.file}")), 1.0)


def test_missing_grpc_service() -> None:
    config = connection_config(parse_metadata_url(f"grpc://127.0.0.1:{free_port()}"))
    with pytest.raises(UserError, match="cannot be reached"):
        open_store(config, timeout_seconds=1.0)


def test_missing_certificate() -> None:
    url = parse_metadata_url("grpc://h:8080?ssl_ca=/no/such")
    with pytest.raises(UserError, match="ssl_ca=/no/such cannot be read"):
        connection_config(url)
