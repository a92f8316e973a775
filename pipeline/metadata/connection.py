"""The connection to the metadata, with patience: databases start late and restart."""

import contextlib
import logging
import os
import random
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata

from components.errors import UserError
from pipeline.metadata.credentials import Login
from pipeline.metadata.stores import ExactStore, PostgreSQLStore
from pipeline.metadata.url import MetadataUrl

Result = TypeVar("Result")
Config: TypeAlias = (
    metadata_store_pb2.ConnectionConfig | metadata_store_pb2.MetadataStoreClientConfig
)

# A database that starts beside us is there within a minute or two; a pod that waits costs little.
PATIENCE_SECONDS = 120.0
# One that answers but does not let us in is starting, or making its tables for another node.
_REFUSED_PATIENCE_SECONDS = 30.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 10.0
_CALL_SECONDS = 60.0
# gRPC's own limit is 4 MiB, which the executions of some hundred runs exceed.
_MESSAGE_BYTES = 256 * 2**20

# Seven tries take 32 seconds on average, beside what each waits for its connection.
_TRIES = 7
# What MLMD raises where the database was busy, restarted, or had another one write the same.
_TRANSIENT = (
    mlmd.errors.AbortedError,
    mlmd.errors.UnavailableError,
    mlmd.errors.DeadlineExceededError,
    mlmd.errors.InternalError,
)
# What a database says of a text that a column, or a message to it, cannot hold. MLMD calls it
# internal, too, but it does not pass.
_TOO_LONG = re.compile(
    r"Data too long for column '\w+'"
    r"|value too long for type [\w ]+\(\d+\)"
    r"|Got a packet bigger than 'max_allowed_packet' bytes"
)
# What MLMD says where MySQL lets nobody in: it keeps the server's words to itself.
_NO_LOGIN = "mysql_real_connect failed: errno: , error: "

_logger = logging.getLogger(__name__)


def persistently(action: Callable[[], Result]) -> Result:
    """Does what may fail because the database is busy or away, until it succeeds.

    Args:
        action: Something that can be done twice.

    Raises:
        UserError: The database cannot hold a text as long as what was to be written.
    """
    for number in range(1, _TRIES):
        try:
            return action()
        except (*_TRANSIENT, mlmd.errors.AlreadyExistsError) as error:
            if told := _TOO_LONG.search(str(error)):
                raise UserError(
                    f"the metadata's database cannot hold a text of this length: {told[0]}",
                    "Shorten what is written: names, paths and settings are.",
                ) from error
            # AlreadyExists: another node has just made what this one was about to make.
            _logger.info("Once more, for the metadata said: %s", _first_line(error))
            time.sleep(_FIRST_PAUSE_SECONDS * 2**number * random.random())
    return action()


def connection_config(url: MetadataUrl, login: Login | None = None) -> Config:
    """What MLMD connects with.

    Args:
        url: Where.
        login: As whom; for databases.

    Raises:
        UserError: A certificate cannot be read.
    """
    if url.kind == "grpc":
        client = metadata_store_pb2.MetadataStoreClientConfig(
            host=url.host, port=url.port, client_timeout_sec=_CALL_SECONDS
        )
        client.channel_arguments.max_receive_message_length = _MESSAGE_BYTES
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
        # Its client takes `localhost` for a socket's file.
        config.mysql.host = "127.0.0.1" if url.host == "localhost" else url.host
        config.mysql.port, config.mysql.database = url.port, url.database
        config.mysql.user, config.mysql.password = login.user, login.password
        # Encrypted, where the server can.
        config.mysql.ssl_options.SetInParent()
    return config


def open_store(config: Config, patience_seconds: float = PATIENCE_SECONDS) -> mlmd.MetadataStore:
    """Connects, and waits for a database that is not there yet.

    Several nodes may start on an empty database: all but one fail to make its tables, try again,
    and find them.

    Args:
        config: What to connect with.
        patience_seconds: How long to wait for a server that does not answer.

    Raises:
        UserError: It did not answer, or did not let us in.
    """
    where = describe(config)
    start, pause = time.monotonic(), _FIRST_PAUSE_SECONDS
    while True:
        try:
            return _connect(config)
        except (RuntimeError, *_TRANSIENT) as error:
            is_there = _answers(config)
            patience = (
                min(patience_seconds, _REFUSED_PATIENCE_SECONDS) if is_there else patience_seconds
            )
            left = start + patience - time.monotonic()
            if left <= 0:
                raise _failure(where, is_there, error) from error
            _logger.info("The metadata at %s are not there yet: %s", where, _first_line(error))
        # Nodes that started together do not try together.
        time.sleep(min(pause * random.uniform(0.5, 1.0), left))
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def describe(config: Config) -> str:
    """Where a connection leads, without who uses it."""
    if isinstance(config, metadata_store_pb2.MetadataStoreClientConfig):
        return f"grpc://{config.host}:{config.port}"
    if config.HasField("postgresql"):
        server = config.postgresql
        return f"postgresql://{server.host}:{server.port}/{server.dbname}"
    if config.HasField("mysql"):
        return f"mysql://{config.mysql.host}:{config.mysql.port}/{config.mysql.database}"
    return f"sqlite://{config.sqlite.filename_uri}"


def _quoted(value: str) -> str:
    """A value of libpq's connection string.

    MLMD puts what it is given there as it is: a password with a space in it would end there, and
    libpq would tell the log what follows.
    """
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _connect(config: Config) -> mlmd.MetadataStore:
    if isinstance(config, metadata_store_pb2.MetadataStoreClientConfig):
        store = ExactStore(config)
        # Nothing is sent before the first call.
        with contextlib.suppress(mlmd.errors.NotFoundError):
            store.get_context_type("pipeline")
        return store
    if config.HasField("postgresql"):
        return PostgreSQLStore(config)
    if config.HasField("sqlite"):
        with contextlib.suppress(OSError):  # SQLite tells what is wrong.
            Path(config.sqlite.filename_uri).parent.mkdir(parents=True, exist_ok=True)
    return ExactStore(config)


def _answers(config: Config) -> bool:
    """Whether something listens there: MLMD's errors do not tell that from a wrong password."""
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


def _failure(where: str, is_there: bool, error: Exception) -> UserError:
    if where.startswith("sqlite:"):
        return UserError(
            f"the metadata at {where} cannot be opened: {_first_line(error)}",
            "The folder must be there and writable; several machines need a database.",
        )
    if not is_there:
        return UserError(
            f"the metadata at {where} cannot be reached",
            "Check host and port, and that the network lets this pod through.",
        )
    if str(error).startswith(_NO_LOGIN):
        return UserError(
            f"the metadata at {where} let nobody in",
            "Check user and password. The user has to log in with mysql_native_password, the only "
            "way that ML Metadata knows: MariaDB's default; MySQL 8 has it for users IDENTIFIED "
            "WITH mysql_native_password (8.4 where it is switched on), MySQL 9 has not.",
        )
    if where.startswith("mysql:"):
        return UserError(
            f"the metadata at {where} cannot be used: {_first_line(error)}",
            "Check the database's name, and what its user may do.",
        )
    return UserError(
        f"the metadata at {where} let nobody in: {_first_line(error)}",
        "Check user, password and database; the log above has the server's own words.",
    )


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _read_certificate(file: str) -> str:
    try:
        return Path(os.path.expanduser(file)).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the metadata's ssl_ca={file} cannot be read: {error}") from None


class PatientMetadata(metadata.Metadata):
    """Connects when it is entered, as TFX's own does, and longer than its five seconds.

    A database that restarts just when hours of training are over must not cost them.

    Args:
        config: What to connect with.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._users: int
        self._store: object | None

    def __enter__(self) -> "PatientMetadata":
        """Connects, unless it is connected."""
        if self._users == 0:
            self._store = open_store(self._connection_config)
        self._users += 1
        return self
