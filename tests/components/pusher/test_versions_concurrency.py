"""Concurrent pushes and rollbacks in separate processes, while a reader checks the result."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from components.pusher.version import find_damage
from components.pusher.versions import list_versions, newest_version
from tests.fakes.models.named_model import push
from tests.repository import REPOSITORY

PUSHER = """
import sys
from pathlib import Path
from components.pusher.versions import WithdrawnError
from tests.fakes.models.named_model import push
folder, model, name, done = sys.argv[1:]
index = 0
while index < 15 or not Path(done).exists():
    try:
        push(folder, model, f"{name}/{index}", keep=4)
    except WithdrawnError:
        pass
    index += 1
"""
ROLLBACK = """
import sys, time
from components.pusher.rollback import RollbackError, roll_back
left = 5
for _ in range(10_000):
    try:
        roll_back(sys.argv[1])
        left -= 1
        if not left:
            sys.exit()
    except RollbackError:
        time.sleep(0.01)
sys.exit("there was never a version to roll back")
"""
ONE_ROLLBACK = """
import sys
from components.pusher.rollback import RollbackError, roll_back
try:
    roll_back(sys.argv[1], seen=int(sys.argv[2]))
except RollbackError as error:
    print(error.message)
"""


def _start(code: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_concurrent_writers_corrupt_nothing(tmp_path: Path, model: Path) -> None:
    folder, done = tmp_path / "serving", tmp_path / "done"
    push(folder, model, "first")
    pushers = [_start(PUSHER, folder, model, name, done) for name in "ab"]
    rollbacks = [_start(ROLLBACK, folder) for _ in range(2)]
    reads, last = 0, 0
    try:
        while _any_runs(pushers):
            newest = newest_version(folder)
            assert newest is not None and newest.number >= last, "never an older one"
            # It may be removed while it is checked, but then completely.
            assert find_damage(newest) is None or not newest.path.exists()
            reads, last = reads + 1, newest.number
            # Pushes continue until all rollbacks are done, whichever process starts first.
            if not _any_runs(rollbacks):
                done.touch()
    finally:
        done.touch()
    assert [process.wait() for process in (*pushers, *rollbacks)] == [0, 0, 0, 0]
    assert reads > 10
    versions = list_versions(folder)
    assert [find_damage(version) for version in versions] == [None] * len(versions)
    assert all(entry.name.isdecimal() for entry in folder.iterdir())


def _any_runs(processes: Iterable["subprocess.Popen[str]"]) -> bool:
    return any(process.poll() is None for process in processes)


def test_concurrent_rollbacks_undo_a_push_once(tmp_path: Path, model: Path) -> None:
    folder = tmp_path / "serving"
    numbers = [push(folder, model, name).number for name in "abc"]
    processes = [_start(ONE_ROLLBACK, folder, numbers[-1]) for _ in range(3)]
    outputs = [process.communicate()[0] for process in processes]
    assert sorted(bool(text) for text in outputs) == [False, True, True]
    assert all(f"not {numbers[-1]}" in text for text in outputs if text)
    newest = newest_version(folder)
    assert newest is not None and newest.origin == "b"
