"""URLs of the metadata store, which may be on a command line: without user or password.

sqlite:///ABSOLUTE/PATH               a file, for one machine
postgresql://HOST[:PORT]/DATABASE
mysql://HOST[:PORT]/DATABASE
grpc://HOST:PORT                      ML Metadata's service; ssl_ca=FILE after a `?`
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from components.errors import UserError

Kind = Literal["sqlite", "postgresql", "mysql", "grpc"]


@dataclass(frozen=True)
class _UrlFormat:
    """The URL of one kind of store.

    Attributes:
        template: It, for messages.
        port: Default port.
        options: Options that are allowed.
        why_no_tls: Why TLS options are not allowed.
        database_names: What the name of a database may be, as a regular expression and in words.
            MLMD 1.16 does not quote it: in MySQL's `CREATE DATABASE`, which it always executes
            first, and in libpq's connection string
            (ml_metadata/metadata_store/*_metadata_source.cc).
    """

    template: str
    port: int | None = None
    options: tuple[str, ...] = ()
    why_no_tls: str = ""
    database_names: tuple[str, str] | None = None


_FORMATS: Mapping[Kind, _UrlFormat] = {
    "sqlite": _UrlFormat("sqlite:///ABSOLUTE/PATH"),
    "postgresql": _UrlFormat(
        "postgresql://HOST[:PORT]/DATABASE",
        5432,
        # MLMD 1.16's libpq is compiled without TLS: no connection that requires it succeeds.
        why_no_tls="ML Metadata's client for PostgreSQL has no TLS",
        # Anything else would be parsed as another setting of the connection.
        database_names=(r"[A-Za-z0-9_$.-]+", "letters, digits, _, $, . and - ([A-Za-z0-9_$.-]+)"),
    ),
    "mysql": _UrlFormat(
        "mysql://HOST[:PORT]/DATABASE",
        3306,
        # MLMD 1.16's client encrypts but cannot verify a certificate: with verify_server_cert every
        # connection fails, without it any certificate is accepted, whatever `ca` says.
        why_no_tls="ML Metadata's client for MySQL encrypts where the server can, but "
        "cannot verify a certificate",
        database_names=(
            r"(?![0-9]+$)[A-Za-z0-9_$]+",
            "letters, digits, _ and $, not digits only ([A-Za-z0-9_$]+)",
        ),
    ),
    "grpc": _UrlFormat("grpc://HOST:PORT[?ssl_ca=FILE]", options=("ssl_ca",)),
}
_HINT = (
    "Set METADATA_USER and METADATA_PASSWORD in the environment, or METADATA_USER_FILE and "
    "METADATA_PASSWORD_FILE to files with their values."
)


@dataclass(frozen=True)
class MetadataUrl:
    """Where TFX's metadata store is; of a file `database` is the absolute path."""

    kind: Kind
    host: str = ""
    port: int = 0
    database: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs_login(self) -> bool:
        """Whether it needs a user and a password."""
        return self.kind in ("postgresql", "mysql")

    def __str__(self) -> str:
        """The URL, without its options."""
        server = f"{self.host}:{self.port}" if self.host else ""
        return f"{self.kind}://{server}{self.database if self.kind == 'sqlite' else self._path}"

    @property
    def _path(self) -> str:
        return f"/{self.database}" if self.database else ""


def parse_metadata_url(text: str) -> MetadataUrl:
    """Reads a URL.

    Raises:
        UserError: It is invalid, or contains a user or a password, which the message does not show.
    """
    scheme, separator, rest = text.partition("://")
    kind = next((kind for kind in _FORMATS if kind == scheme.lower()), None)
    if not separator or kind is None:
        # Not the text itself: it may contain a password.
        raise _invalid("not a URL of a metadata store")
    try:
        parts = urlsplit(f"//{rest}")
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise _invalid("the URL cannot be parsed", kind) from None
    if "@" in parts.netloc or {"user", "password", "passwd"} & set(options):
        raise UserError("the URL contains a user or a password", _HINT)
    url_format = _FORMATS[kind]
    unknown = sorted(set(options) - set(url_format.options))
    if url_format.why_no_tls and any(name.startswith("ssl") for name in unknown):
        raise _invalid(url_format.why_no_tls, kind)
    if unknown or parts.fragment:
        allowed = ", ".join(url_format.options) or "none"
        raise _invalid(f"unknown option; allowed: {allowed}", kind)
    return _sqlite(parts) if kind == "sqlite" else _server(kind, parts, options)


def _sqlite(parts: SplitResult) -> MetadataUrl:
    path = unquote(parts.path)
    if parts.netloc or path in ("", "/"):
        raise _invalid("the absolute path, after three slashes, is missing", "sqlite")
    return MetadataUrl("sqlite", database=path)


def _server(kind: Kind, parts: SplitResult, options: Mapping[str, str]) -> MetadataUrl:
    try:
        port = parts.port or _FORMATS[kind].port
    except ValueError:
        raise _invalid("the port is not a number from 1 to 65535", kind) from None
    if not parts.hostname or port is None:
        raise _invalid("the host or its port is missing", kind)
    database = unquote(parts.path).strip("/")
    if kind == "grpc" and database:
        raise _invalid("nothing may follow the port", kind)
    if kind != "grpc" and (not database or "/" in database):
        raise _invalid("the name of the database is missing", kind)
    names = _FORMATS[kind].database_names
    if names and not re.fullmatch(names[0], database):
        raise _invalid(
            f"the name of a database may contain {names[1]}, because ML Metadata does not quote it",
            kind,
        )
    return MetadataUrl(kind, parts.hostname, port, database, options)


def _invalid(problem: str, kind: Kind | None = None) -> UserError:
    formats = [_FORMATS[kind]] if kind else _FORMATS.values()
    return UserError(problem, f"Write {', '.join(each.template for each in formats)}.")
