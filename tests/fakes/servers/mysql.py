"""A MySQL server for a test: Debian's MariaDB, on a free port of this machine."""

import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.servers.certificate import make_certificate
from tests.fakes.servers.database_server import DatabaseServer, free_port, run_quietly

_USER = "pipeline"
_START_SECONDS = 60.0


@dataclass(frozen=True)
class MySQL(DatabaseServer):
    """A running server.

    Attributes:
        folder: Its data and its socket.
    """

    scheme = "mysql"
    folder: Path

    def execute(self, *statements: str) -> str:
        """Executes statements as the administrator, and returns their output."""
        return _execute(self.folder, *statements)


@contextlib.contextmanager
def run_mysql() -> Iterator[MySQL]:
    """Starts an empty server, and stops it; skips the test if MariaDB is not installed.

    It has a self-signed certificate.
    """
    install, program = shutil.which("mariadb-install-db"), shutil.which("mariadbd", path=_PATH)
    if not install or not program or not shutil.which("mariadb"):
        pytest.skip("needs MariaDB (Debian's package mariadb-server)")
    # Not in pytest's folders: the tests may run as root, and the server must not.
    with tempfile.TemporaryDirectory(prefix="mysql-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        server = MySQL(free_port(), _USER, secrets.token_urlsafe(12), folder)
        certificate = make_certificate(folder, "IP:127.0.0.1")
        as_user = _hand_over(folder)
        options = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        run_quietly([install, "--no-defaults", *as_user, f"--datadir={folder}/data", *options])
        command = [program, "--no-defaults", *as_user, f"--datadir={folder}/data"]
        command += [f"--socket={folder}/socket", f"--pid-file={folder}/pid"]
        command += [f"--port={server.port}", "--bind-address=127.0.0.1"]
        # Defaults of MySQL 8 and of Debian's MariaDB; durability is not needed here.
        command += ["--character-set-server=utf8mb4", "--innodb-flush-log-at-trx-commit=0"]
        command += [f"--ssl-cert={certificate.file}", f"--ssl-key={certificate.key}"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/")
        try:
            _wait(server, process)
            server.execute(
                f"CREATE USER '{_USER}'@'127.0.0.1' IDENTIFIED BY '{server.password}'",
                f"GRANT ALL ON *.* TO '{_USER}'@'127.0.0.1'",
            )
            yield server
        finally:
            process.kill()
            process.wait()


# A user's PATH may lack the administrator's programs.
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def _hand_over(folder: Path) -> list[str]:
    if os.getuid() != 0:
        return []
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, "mysql", "mysql")
    return ["--user=mysql"]


def _wait(server: MySQL, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(subprocess.CalledProcessError):
            server.execute("SELECT 1")
            return
        time.sleep(0.1)
    raise AssertionError((server.folder / "log").read_text(errors="replace"))


def _execute(folder: Path, *statements: str) -> str:
    command = ["mariadb", "--no-defaults", f"--socket={folder}/socket", "--user=root", "-N"]
    result = subprocess.run(
        [*command, "-e", "; ".join(statements)],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return result.stdout.strip()
