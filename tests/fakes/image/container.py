"""A container without a container engine, as far as possible.

It has its own mount and process namespaces; a file system with only the image's files, read-only
except /tmp and the pipeline root; a user who is not in /etc/passwd; no capabilities; and only the
environment variables of the Dockerfile.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.image.dockerfile import read_stages

USER = 4711
ROOT = "/mnt/pipeline"

_ENTER = """
set -eu
root=$1 base=$2 venv=$3 project=$4 keras=$5 pipeline=$6; shift 6
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$root"
show() { # source target ro|rw
    mkdir -p "$root$2"
    mount --bind "$1" "$root$2"
    mount -o "remount,bind,$3" "$root$2"
}
for folder in /bin /lib /lib64 /sbin; do
    if [ -L "$folder" ]; then cp -P "$folder" "$root$folder"; else show "$folder" "$folder" ro; fi
done
show /usr /usr ro
show /etc /etc ro
show "$base" "$base" ro
show "$venv" /opt/venv ro
show "$project" /opt/project ro
show "$keras" /opt/keras ro
show "$pipeline" /mnt/pipeline rw
mkdir "$root/proc" "$root/dev" "$root/tmp" "$root/app"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -o remount,ro "$root"
cd "$root/app"
exec chroot "$root" "$@"
"""


_NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]


@dataclass(frozen=True)
class Container:
    """The files of a container of the target `cpu`.

    Attributes:
        venv: The virtual environment, at /opt/venv in the image.
        project: The folder with the project's packages.
        keras: The folder with the image's pretrained weights.
        pipeline: The pipeline root, the only volume.
        scratch: An empty folder to mount the file system at.
    """

    venv: Path
    project: Path
    keras: Path
    pipeline: Path
    scratch: Path

    def run(self, *command: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Runs a command in it; stdout includes stderr."""
        os.chown(self.pipeline, USER, 0)
        # In the image the packages are in site-packages; here that may be this clone's environment.
        environment = {**read_stages()["cpu"].environment(), "PYTHONPATH": "/opt/project"}
        variables = [f"{name}={value}" for name, value in environment.items()]
        as_user = ["--reuid", str(USER), "--regid", "0", "--clear-groups", "--no-new-privs"]
        as_user += ["--inh-caps=-all", "--bounding-set=-all"]
        inside = ["/usr/bin/env", "-i", *variables, "setpriv", *as_user, *command]
        folders = [self.scratch, base_of(self.venv), self.venv, self.project]
        folders += [self.keras, self.pipeline]
        enter = ["sh", "-c", _ENTER, "enter", *map(str, folders), *inside]
        return subprocess.run(
            [*_NAMESPACES, *enter],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )

    def python(self, code: str) -> subprocess.CompletedProcess[str]:
        """Runs a few lines of Python in it."""
        return self.run("python", "-c", code)


def skip_unless_possible() -> None:
    """Skips the test if namespaces cannot be created."""
    probe = [*_NAMESPACES, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    if os.geteuid() != 0 or subprocess.run(probe, capture_output=True).returncode != 0:
        pytest.skip("needs root, and permission to create namespaces")


def base_of(venv: Path) -> Path:
    """The prefix of the Python of a virtual environment."""
    code = "import sys; print(sys.base_prefix)"
    command = [str(venv / "bin/python"), "-c", code]
    return Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


def this_environment() -> Path:
    """The virtual environment that the tests run in."""
    return Path(sys.prefix)
