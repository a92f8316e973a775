"""The address of the metadata, as it may stand on a command line: without a user or a password.

sqlite:///ABSOLUTE/PATH               a file, for one machine
postgresql://HOST[:PORT]/DATABASE
mysql://HOST[:PORT]/DATABASE
grpc://HOST:PORT                      ML Metadata's service; ssl_ca=FILE after a `?`
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from components.errors import UserError

Kind = Literal["sqlite", "postgresql", "mysql", "grpc"]

FORMS: Mapping[Kind, str] = {
    "sqlite": "sqlite:///ABSOLUTE/PATH",
    "postgresql": "postgresql://HOST[:PORT]/DATABASE",
    "mysql": "mysql://HOST[:PORT]/DATABASE",
    "grpc": "grpc://HOST:PORT",
}
_PORTS: Mapping[Kind, int] = {"postgresql": 5432, "mysql": 3306}
_OPTIONS: Mapping[Kind, tuple[str, ...]] = {
    "sqlite": (),
    # MLMD 1.16's libpq is compiled without TLS: what asks for it connects to nothing.
    "postgresql": (),
    # MLMD 1.16's client encrypts and cannot check a certificate: with verify_server_cert it
    # connects to nothing, without it any certificate will do, whatever `ca` says.
    "mysql": (),
    "grpc": ("ssl_ca",),
}
_WITHOUT_TLS: Mapping[Kind, str] = {
    "postgresql": "ML Metadata's client for PostgreSQL has no TLS",
    "mysql": "ML Metadata's client for MySQL encrypts where the server can, and cannot check a "
    "certificate",
}
_HINT = (
    "The environment variables METADATA_USER and METADATA_PASSWORD hold them, or the files that "
    "METADATA_USER_FILE and METADATA_PASSWORD_FILE name."
)


@dataclass(frozen=True)
class MetadataUrl:
    """Where TFX's metadata are.

    Attributes:
        kind: What keeps them.
        host: Its machine; empty for a file.
        port: Its port; 0 for a file.
        database: The database, or the absolute path of the file.
        options: Settings of the connection by name: TLS, files only.
    """

    kind: Kind
    host: str = ""
    port: int = 0
    database: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs_login(self) -> bool:
        """Whether it asks who we are."""
        return self.kind in ("postgresql", "mysql")

    def __str__(self) -> str:
        """The URL, without its options."""
        where = f"{self.host}:{self.port}" if self.host else ""
        return f"{self.kind}://{where}{self.database if self.kind == 'sqlite' else self._path}"

    @property
    def _path(self) -> str:
        return f"/{self.database}" if self.database else ""


def parse_metadata_url(text: str) -> MetadataUrl:
    """Reads a URL.

    Raises:
        UserError: It is none, or it holds a user or a password, which the message does not repeat.
    """
    scheme, separator, rest = text.partition("://")
    kind = next((kind for kind in FORMS if kind == scheme.lower()), None)
    if not separator or kind is None:
        # Not the text itself: it may hold a password.
        raise _refused("no such address of the metadata")
    try:
        parts = urlsplit(f"//{rest}")
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise _refused("the address cannot be read", kind) from None
    if "@" in parts.netloc or {"user", "password", "passwd"} & set(options):
        raise UserError("--metadata: the address holds a user or a password", _HINT)
    unknown = sorted(set(options) - set(_OPTIONS[kind]))
    if kind in _WITHOUT_TLS and any(name.startswith("ssl") for name in unknown):
        raise _refused(_WITHOUT_TLS[kind], kind)
    if unknown or parts.fragment:
        allowed = ", ".join(_OPTIONS[kind]) or "none"
        raise _refused(f"an option that is not known; allowed: {allowed}", kind)
    return _sqlite(parts) if kind == "sqlite" else _server(kind, parts, options)


def _sqlite(parts: SplitResult) -> MetadataUrl:
    path = unquote(parts.path)
    if parts.netloc or path in ("", "/"):
        raise _refused("an absolute path, after three slashes, is missing", "sqlite")
    return MetadataUrl("sqlite", database=path)


def _server(kind: Kind, parts: SplitResult, options: Mapping[str, str]) -> MetadataUrl:
    try:
        port = parts.port or _PORTS.get(kind)
    except ValueError:
        raise _refused("the port is no number from 1 to 65535", kind) from None
    if not parts.hostname or port is None:
        raise _refused("the host and its port are missing", kind)
    database = unquote(parts.path).strip("/")
    if kind == "grpc" and database:
        raise _refused("nothing follows the port", kind)
    if kind != "grpc" and (not database or "/" in database):
        raise _refused("the name of the database is missing", kind)
    return MetadataUrl(kind, parts.hostname, port, database, options)


def _refused(problem: str, kind: Kind | None = None) -> UserError:
    forms = FORMS[kind] if kind else ", ".join(FORMS.values())
    return UserError(f"--metadata: {problem}", f"Write {forms}.")
