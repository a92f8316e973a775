"""The address of the metadata, as it may stand on a command line: without a user or a password.

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
class _Form:
    """What the address of one kind looks like.

    Attributes:
        words: It, for people.
        port: Where such servers listen, unless told otherwise.
        options: Options that may follow.
        without_tls: Why options of TLS may not.
        names: What the name of a database is made of, as an expression and in words. MLMD 1.16 puts
            no quotes around it: in MySQL's `CREATE DATABASE`, which comes first each time, and in
            what libpq reads (ml_metadata/metadata_store/*_metadata_source.cc).
    """

    words: str
    port: int | None = None
    options: tuple[str, ...] = ()
    without_tls: str = ""
    names: tuple[str, str] | None = None


_FORMS: Mapping[Kind, _Form] = {
    "sqlite": _Form("sqlite:///ABSOLUTE/PATH"),
    "postgresql": _Form(
        "postgresql://HOST[:PORT]/DATABASE",
        5432,
        # MLMD 1.16's libpq is compiled without TLS: what asks for it connects to nothing.
        without_tls="ML Metadata's client for PostgreSQL has no TLS",
        # Anything else would be another setting of the connection.
        names=(r"[A-Za-z0-9_$.-]+", "letters, digits, _, $, . and - ([A-Za-z0-9_$.-]+)"),
    ),
    "mysql": _Form(
        "mysql://HOST[:PORT]/DATABASE",
        3306,
        # MLMD 1.16's client encrypts and cannot check a certificate: with verify_server_cert it
        # connects to nothing, without it any certificate will do, whatever `ca` says.
        without_tls="ML Metadata's client for MySQL encrypts where the server can, and cannot "
        "check a certificate",
        names=(
            r"(?![0-9]+$)[A-Za-z0-9_$]+",
            "letters, digits, _ and $, and not of digits alone ([A-Za-z0-9_$]+)",
        ),
    ),
    "grpc": _Form("grpc://HOST:PORT[?ssl_ca=FILE]", options=("ssl_ca",)),
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
    kind = next((kind for kind in _FORMS if kind == scheme.lower()), None)
    if not separator or kind is None:
        # Not the text itself: it may hold a password.
        raise _refused("no such address of the metadata")
    try:
        parts = urlsplit(f"//{rest}")
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise _refused("the address cannot be read", kind) from None
    if "@" in parts.netloc or {"user", "password", "passwd"} & set(options):
        raise UserError("the address holds a user or a password", _HINT)
    form = _FORMS[kind]
    unknown = sorted(set(options) - set(form.options))
    if form.without_tls and any(name.startswith("ssl") for name in unknown):
        raise _refused(form.without_tls, kind)
    if unknown or parts.fragment:
        allowed = ", ".join(form.options) or "none"
        raise _refused(f"an option that is not known; allowed: {allowed}", kind)
    return _sqlite(parts) if kind == "sqlite" else _server(kind, parts, options)


def _sqlite(parts: SplitResult) -> MetadataUrl:
    path = unquote(parts.path)
    if parts.netloc or path in ("", "/"):
        raise _refused("an absolute path, after three slashes, is missing", "sqlite")
    return MetadataUrl("sqlite", database=path)


def _server(kind: Kind, parts: SplitResult, options: Mapping[str, str]) -> MetadataUrl:
    try:
        port = parts.port or _FORMS[kind].port
    except ValueError:
        raise _refused("the port is no number from 1 to 65535", kind) from None
    if not parts.hostname or port is None:
        raise _refused("the host and its port are missing", kind)
    database = unquote(parts.path).strip("/")
    if kind == "grpc" and database:
        raise _refused("nothing follows the port", kind)
    if kind != "grpc" and (not database or "/" in database):
        raise _refused("the name of the database is missing", kind)
    names = _FORMS[kind].names
    if names and not re.fullmatch(names[0], database):
        raise _refused(
            f"the name of a database is made of {names[1]}, for ML Metadata puts no quotes "
            "around it",
            kind,
        )
    return MetadataUrl(kind, parts.hostname, port, database, options)


def _refused(problem: str, kind: Kind | None = None) -> UserError:
    forms = [_FORMS[kind]] if kind else _FORMS.values()
    return UserError(problem, f"Write {', '.join(form.words for form in forms)}.")
