"""A PostgreSQL server for a test, on a free port of this machine."""

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.servers.database_server import DatabaseServer, free_port, run_quietly

_USER = "pipeline"


class PostgreSQL(DatabaseServer):
    """A running server."""

    scheme = "postgresql"

    def create(self, database: str) -> None:
        """Creates a database, as an administrator would."""
        command = [str(_programs() / "createdb"), "-h", "127.0.0.1", "-p", str(self.port)]
        subprocess.run(
            [*command, "-U", self.user, database],
            check=True,
            env={**os.environ, "PGPASSWORD": self.password},
        )


@contextlib.contextmanager
def run_postgresql(
    port: int | None = None, password: str | None = None, user: str = _USER
) -> Iterator[PostgreSQL]:
    """Starts an empty server, and stops it; skips the test if PostgreSQL is not installed.

    Args:
        port: Its port; None is a free one.
        password: Its user's password; None is a random one.
        user: Its only user.
    """
    programs = _programs()
    # Not in pytest's folders: the tests may run as root, and the server refuses to.
    with tempfile.TemporaryDirectory(prefix="postgresql-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        server = PostgreSQL(port or free_port(), user, password or secrets.token_urlsafe(12))
        (folder / "password").write_text(server.password)
        _hand_over(folder)
        run = [*_as_user(), str(programs / "initdb"), "--no-sync", "-A", "scram-sha-256"]
        data = str(folder / "data")
        run_quietly([*run, "-D", data, "-U", user, f"--pwfile={folder / 'password'}"])
        options = f"-p {server.port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        control = [*_as_user(), str(programs / "pg_ctl"), "-D", data, "-w"]
        run_quietly([*control, "-l", str(folder / "log"), "-o", options, "start"])
        try:
            yield server
        finally:
            run_quietly([*control, "-m", "immediate", "stop"])


def _programs() -> Path:
    """The folder of the server's programs: Debian has them by version, and not on the PATH."""
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
