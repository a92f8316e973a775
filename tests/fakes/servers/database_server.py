"""What the servers of databases that tests start have in common."""

import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class DatabaseServer:
    """A server that runs.

    Attributes:
        scheme: What the addresses of its databases begin with.
        port: Its port on 127.0.0.1.
        user: Who may do everything.
        password: What that user must give.
    """

    scheme: ClassVar[str]
    port: int
    user: str
    password: str

    def url(self, database: str) -> str:
        """The address of a database as `--metadata` takes it; MLMD makes one that is not there."""
        return f"{self.scheme}://127.0.0.1:{self.port}/{database}"

    @property
    def login(self) -> Mapping[str, str]:
        """Environment variables that let a node in."""
        return {"METADATA_USER": self.user, "METADATA_PASSWORD": self.password}


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def run_quietly(command: Sequence[str]) -> None:
    """Waits for a command that must succeed; a server that it starts may live on."""
    # Its output goes to the server it starts as well, which would keep a pipe open.
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
    )
