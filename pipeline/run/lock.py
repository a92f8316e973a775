"""The lock that allows one run at a time in a workspace."""

import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from components.printable import encodable
from pipeline.run.paths import WorkspaceError, unusable

LOCK_FILE = ".run.lock"
_PATTERN_CHARACTERS = frozenset("*?[\\")


class RunLock:
    """A lock on a workspace that this process holds.

    Python closes its file in child processes: a worker or its child that outlives a killed front
    end does not hold the lock.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def record_run(self, run_id: str) -> None:
        """Records which run holds the lock, for the message that other runs show.

        Raises:
            OSError: The file cannot be written.
        """
        _write_holder(self._descriptor, run_id)


@contextlib.contextmanager
def lock_workspace(
    workspace: Path, on_wait: Callable[[str], None] | None = None
) -> Iterator[RunLock]:
    """Locks a workspace for one run; the kernel releases the lock when this process ends.

    Only runs need the lock: reading a workspace, and changing a model's folder of versions, do not.

    `on_wait` gets a message if another run holds the lock; None does not wait.

    Raises:
        WorkspaceError: Another run holds the lock, or the workspace cannot be written or has a
            path that TFX cannot use.
    """
    if encodable(str(workspace)) != str(workspace):
        raise WorkspaceError(
            f"the workspace {workspace} cannot be used: its path is not UTF-8, which TFX's "
            "metadata store requires; rename the folder, or choose another --workspace"
        )
    if odd := sorted(_PATTERN_CHARACTERS.intersection(str(workspace.absolute()))):
        raise WorkspaceError(
            f"the workspace {workspace.absolute()} cannot be used: its path has {' '.join(odd)}, "
            "which TFX and TensorFlow read as a pattern; rename the folder, or choose another "
            "--workspace"
        )
    try:
        workspace.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(workspace / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise unusable(workspace, error) from None
    try:
        _acquire(descriptor, workspace, on_wait)
        yield RunLock(descriptor)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, workspace: Path, on_wait: Callable[[str], None] | None) -> None:
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(descriptor)
            if on_wait is None:
                raise WorkspaceError(
                    f"{holder} is using the workspace {workspace}. Wait for it with --wait, "
                    "or choose another workspace with --workspace."
                ) from None
            on_wait(f"{holder} is using the workspace {workspace}; waiting for it to end")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        _write_holder(descriptor, None)
    except OSError as error:
        raise unusable(workspace, error) from None


def _write_holder(descriptor: int, run_id: str | None) -> None:
    holder = {"run_id": run_id, "process": os.getpid(), "host": socket.gethostname()}
    text = json.dumps(holder).encode()
    os.pwrite(descriptor, text, 0)
    os.ftruncate(descriptor, len(text))


def _holder(descriptor: int) -> str:
    try:
        holder: dict[str, Any] = json.loads(os.pread(descriptor, 1000, 0))
        run = f"run {holder['run_id']}" if holder["run_id"] else "another run"
        elsewhere = f" on {holder['host']}" if holder["host"] != socket.gethostname() else ""
        return f"{run} (process {holder['process']}{elsewhere})"
    except (ValueError, KeyError, TypeError):
        return "another run"  # It holds the lock, but has not recorded itself yet.
