"""Common parts of the database servers that tests start."""

import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class DatabaseServer:
    """A running server.

    Attributes:
        scheme: Scheme of its databases' URLs.
        port: Its port on 127.0.0.1.
        user: A user with all privileges.
        password: That user's password.
    """

    scheme: ClassVar[str]
    port: int
    user: str
    password: str

    def url(self, database: str) -> str:
        """The URL of a database for `--metadata`; MLMD creates one that does not exist."""
        return f"{self.scheme}://127.0.0.1:{self.port}/{database}"

    @property
    def login(self) -> Mapping[str, str]:
        """Environment variables with the credentials."""
        return {"METADATA_USER": self.user, "METADATA_PASSWORD": self.password}


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def run_quietly(command: Sequence[str]) -> None:
    """Runs a command that must succeed; a server that it starts may keep running."""
    # A server that it starts inherits its stdout and would keep a pipe open.
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
    )
