"""A PostgreSQL server of the test's own, on a free port of this machine."""

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

_USER = "pipeline"


@dataclass(frozen=True)
class PostgreSQL:
    """A server that runs.

    Attributes:
        port: Its port on 127.0.0.1.
        user: Its only user.
        password: What that user must give.
    """

    port: int
    user: str
    password: str

    def url(self, database: str) -> str:
        """The address of a database as `--metadata` takes it; MLMD makes one that is not there."""
        return f"postgresql://127.0.0.1:{self.port}/{database}"

    @property
    def login(self) -> Mapping[str, str]:
        """Environment variables that let a node in."""
        return {"METADATA_USER": self.user, "METADATA_PASSWORD": self.password}


@contextlib.contextmanager
def run_postgresql(port: int | None = None, password: str | None = None) -> Iterator[PostgreSQL]:
    """Starts a server with no database of ours, and stops it; skips the test where there is none.

    Args:
        port: Where it listens; None takes a free port.
        password: Of its user; None makes one.
    """
    programs = _programs()
    # pytest's own folders are for the user that runs the tests, which the server cannot be: it
    # refuses to run as root.
    with tempfile.TemporaryDirectory(prefix="postgresql-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        server = PostgreSQL(port or free_port(), _USER, password or secrets.token_urlsafe(12))
        (folder / "password").write_text(server.password)
        _hand_over(folder)
        run = [*_as_user(), str(programs / "initdb"), "--no-sync", "-A", "scram-sha-256"]
        data = str(folder / "data")
        _run([*run, "-D", data, "-U", _USER, f"--pwfile={folder / 'password'}"])
        options = f"-p {server.port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        control = [*_as_user(), str(programs / "pg_ctl"), "-D", data, "-w"]
        _run([*control, "-l", str(folder / "log"), "-o", options, "start"])
        try:
            yield server
        finally:
            _run([*control, "-m", "immediate", "stop"])


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _programs() -> Path:
    """Debian keeps them beside the PATH, by version."""
    found = [Path(path).parent for path in filter(None, [shutil.which("initdb")])]
    found += sorted(path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("needs PostgreSQL (Debian's package postgresql)")
    return found[-1]


def _owner() -> pwd.struct_passwd:
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _as_user() -> list[str]:
    if os.getuid() != 0:
        return []
    owner = _owner()
    return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]


def _hand_over(folder: Path) -> None:
    if os.getuid() == 0:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, _owner().pw_uid, _owner().pw_gid)


def _run(command: Sequence[str]) -> None:
    # Its output goes to the server it starts as well, which would keep a pipe open.
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
    )
