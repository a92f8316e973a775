"""Credentials for the metadata's database, from the environment or from mounted secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from components.errors import UserError


@dataclass(frozen=True)
class Login:
    """A user of a database; the password is never shown, and empty where none is needed."""

    user: str
    password: str = field(default="", repr=False)


def read_login(environment: Mapping[str, str]) -> Login:
    """Reads METADATA_USER and METADATA_PASSWORD, or the files that METADATA_..._FILE name.

    Raises:
        UserError: No user is set, a variable and its file are both set, or a file cannot be read.
    """
    user = _read("METADATA_USER", environment)
    if not user:
        raise UserError(
            "the metadata's database needs a user",
            "Set METADATA_USER and METADATA_PASSWORD, or METADATA_USER_FILE and "
            "METADATA_PASSWORD_FILE to files with their values.",
        )
    return Login(user, _read("METADATA_PASSWORD", environment))


def _read(name: str, environment: Mapping[str, str]) -> str:
    value, file = environment.get(name, ""), environment.get(f"{name}_FILE", "")
    if value and file:
        raise UserError(f"{name} and {name}_FILE are both set", "Keep one of them.")
    if not file:
        return value
    try:
        # Editors and `echo` end a file with a line break, which is not part of the secret.
        return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UserError(f"{name}_FILE: {file} cannot be read: {reason}") from None
