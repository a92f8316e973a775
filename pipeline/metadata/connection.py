"""The connection to ML Metadata, which waits for a database that is starting or restarting."""

import contextlib
import logging
import os
import random
import socket
import time
from pathlib import Path
from typing import Any, TypeAlias

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata

from components.errors import UserError
from pipeline.metadata.credentials import Login
from pipeline.metadata.retries import TRANSIENT_ERRORS, first_line
from pipeline.metadata.sqlite_file import back_up, check_file, sqlite_error
from pipeline.metadata.stores import CaseSensitiveStore, PostgreSQLStore
from pipeline.metadata.url import MetadataUrl

Config: TypeAlias = (
    metadata_store_pb2.ConnectionConfig | metadata_store_pb2.MetadataStoreClientConfig
)

# A database that starts with the pod is up within a minute or two; a pod that waits costs little.
CONNECT_TIMEOUT_SECONDS = 120.0
# One that answers but rejects the login is starting, or creates its tables for another node.
_REJECTED_TIMEOUT_SECONDS = 30.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 10.0
_CALL_TIMEOUT_SECONDS = 60.0
# gRPC's own limit is 4 MiB, which the executions of some hundred runs exceed.
_MAX_MESSAGE_BYTES = 256 * 2**20
# MLMD's message where MySQL rejects a login: it drops the server's reason.
_MYSQL_LOGIN_FAILED = "mysql_real_connect failed: errno: , error: "

# MLMD's words for a store that an older release wrote.
_OLDER_SCHEMA = "is older than library version"

_logger = logging.getLogger(__name__)


def connection_config(url: MetadataUrl, login: Login | None = None) -> Config:
    """What MLMD connects with.

    Raises:
        UserError: A certificate cannot be read.
    """
    if url.kind == "grpc":
        client = metadata_store_pb2.MetadataStoreClientConfig(
            host=url.host, port=url.port, client_timeout_sec=_CALL_TIMEOUT_SECONDS
        )
        client.channel_arguments.max_receive_message_length = _MAX_MESSAGE_BYTES
        if "ssl_ca" in url.options:
            client.ssl_config.custom_ca = _read_certificate(url.options["ssl_ca"])
        return client
    config = metadata_store_pb2.ConnectionConfig()
    login = login or Login("")
    if url.kind == "sqlite":
        config.sqlite.filename_uri = url.database
        config.sqlite.connection_mode = config.sqlite.READWRITE_OPENCREATE
    elif url.kind == "postgresql":
        server = config.postgresql
        server.host, server.port, server.dbname = url.host, str(url.port), url.database
        server.user, server.password = _quoted(login.user), _quoted(login.password)
    else:
        # Its client would connect to `localhost` through a Unix socket.
        config.mysql.host = "127.0.0.1" if url.host == "localhost" else url.host
        config.mysql.port, config.mysql.database = url.port, url.database
        config.mysql.user, config.mysql.password = login.user, login.password
        # Encrypted, where the server can.
        config.mysql.ssl_options.SetInParent()
    return config


def _quoted(value: str) -> str:
    """A value in libpq's connection string.

    MLMD inserts values unquoted: a password would end at its first space, and libpq would write
    the rest of it to the log.
    """
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _read_certificate(file: str) -> str:
    try:
        return Path(os.path.expanduser(file)).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the metadata's ssl_ca={file} cannot be read: {error}") from None


def store_url(config: Config) -> str:
    """The URL of a connection, without credentials."""
    if isinstance(config, metadata_store_pb2.MetadataStoreClientConfig):
        return f"grpc://{config.host}:{config.port}"
    if config.HasField("postgresql"):
        server = config.postgresql
        return f"postgresql://{server.host}:{server.port}/{server.dbname}"
    if config.HasField("mysql"):
        return f"mysql://{config.mysql.host}:{config.mysql.port}/{config.mysql.database}"
    return f"sqlite://{config.sqlite.filename_uri}"


def open_store(
    config: Config, timeout_seconds: float = CONNECT_TIMEOUT_SECONDS
) -> mlmd.MetadataStore:
    """Connects, and waits for a database that does not answer yet.

    Several nodes may start on an empty database: all but one fail to create its tables, try again,
    and find them.

    Raises:
        UserError: It did not answer, or rejected the connection.
    """
    url = store_url(config)
    start, pause = time.monotonic(), _FIRST_PAUSE_SECONDS
    while True:
        try:
            return _connect(config)
        except (RuntimeError, *TRANSIENT_ERRORS) as error:
            is_reachable = _is_reachable(config)
            timeout = (
                min(timeout_seconds, _REJECTED_TIMEOUT_SECONDS) if is_reachable else timeout_seconds
            )
            left = start + timeout - time.monotonic()
            if left <= 0:
                raise _connection_error(url, is_reachable, error) from error
            _logger.info("Waiting for the metadata store at %s: %s", url, first_line(error))
        # Random, so that nodes that started together do not retry together.
        time.sleep(min(pause * random.uniform(0.5, 1.0), left))
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _connect(config: Config) -> mlmd.MetadataStore:
    if isinstance(config, metadata_store_pb2.MetadataStoreClientConfig):
        store = CaseSensitiveStore(config)
        # The client connects with its first call.
        with contextlib.suppress(mlmd.errors.NotFoundError):
            store.get_context_type("pipeline")
        return store
    if config.HasField("postgresql"):
        return PostgreSQLStore(config)
    if config.HasField("sqlite"):
        return _open_file(config)
    return CaseSensitiveStore(config)


def _open_file(config: metadata_store_pb2.ConnectionConfig) -> mlmd.MetadataStore:
    """Opens a SQLite file; one with an older schema is copied, and upgraded."""
    file = Path(config.sqlite.filename_uri)
    with contextlib.suppress(OSError):  # SQLite reports what is wrong.
        file.parent.mkdir(parents=True, exist_ok=True)
    check_file(str(file))
    try:
        return CaseSensitiveStore(config)
    except RuntimeError as error:
        if _OLDER_SCHEMA not in str(error):
            raise
    back_up(str(file), file.with_name(f"{file.name}.backup"))
    _logger.info("Upgrading the schema of %s.", file)
    return CaseSensitiveStore(config, enable_upgrade_migration=True)


def _is_reachable(config: Config) -> bool:
    """Whether something listens there; MLMD raises the same error for a wrong password."""
    server: Any = config
    if isinstance(config, metadata_store_pb2.ConnectionConfig):
        if config.HasField("sqlite"):
            return True
        server = config.postgresql if config.HasField("postgresql") else config.mysql
    try:
        socket.create_connection((server.host, int(server.port)), timeout=5.0).close()
    except OSError:
        return False
    return True


def _connection_error(url: str, is_reachable: bool, error: Exception) -> UserError:
    if url.startswith("sqlite:"):
        return sqlite_error(url.removeprefix("sqlite://"), first_line(error))
    if not is_reachable:
        return UserError(
            f"the metadata store {url} cannot be reached",
            "Check host and port, and that the network lets this pod connect.",
        )
    if str(error).startswith(_MYSQL_LOGIN_FAILED):
        return UserError(
            f"authentication failed at the metadata store {url}",
            "Check user and password. The user must log in with mysql_native_password, the only "
            "method that ML Metadata supports: MariaDB's default; MySQL 8 has it for users "
            "IDENTIFIED WITH mysql_native_password (8.4 where it is enabled), MySQL 9 does not.",
        )
    if url.startswith("mysql:"):
        return UserError(
            f"the metadata store {url} cannot be used: {first_line(error)}",
            "Check the database's name and its user's privileges.",
        )
    return UserError(
        f"the metadata store {url} rejected the connection: {first_line(error)}",
        "Check user, password and database; the server's own message is in the log above.",
    )


class RetryingMetadata(metadata.Metadata):
    """TFX's connection handler, which retries for longer than TFX's five seconds.

    A database that restarts at the end of hours of training must not cost them.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._users: int
        self._store: object | None

    def __enter__(self) -> "RetryingMetadata":
        """Connects, unless it is connected."""
        if self._users == 0:
            self._store = open_store(self._connection_config)
        self._users += 1
        return self
