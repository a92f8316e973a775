"""A disk that fills up in the middle of a push or a rollback."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.processes.small_disk import run_on_small_disk

PUSH_UNTIL_FULL = """
import json, os, sys
from components.pusher.rollback import roll_back
from components.pusher.version import find_damage
from components.pusher.versions import add_version, list_versions

folder, *models = sys.argv[1:]
errors = []
for number, model in enumerate(models):
    try:
        add_version(folder, model, f"m/{number}")
    except OSError as error:
        errors.append(error.strerror)
if len(models) == 2:
    try:
        roll_back(folder)
    except OSError as error:
        errors.append(error.strerror)
print(json.dumps({
    "errors": errors,
    "versions": [[v.origin, find_damage(v)] for v in list_versions(folder)],
    "entries": len(os.listdir(folder)),
}))
"""
FULL = "No space left on device"


@pytest.mark.parametrize(
    ("repeats", "left"),
    [
        # 300 kB in total: the second does not fit.
        ([4000, 4000, 4000], ["m/0"]),
        # Two fit, a copy of the first does not.
        ([2000, 2000], ["m/1", "m/0"]),
    ],
    ids=["push", "rollback"],
)
def test_a_full_disk_leaves_the_versions_in_service(
    tmp_path: Path, make_model: Callable[..., Path], repeats: list[int], left: list[str]
) -> None:
    models = [make_model(str(index), repeat) for index, repeat in enumerate(repeats)]
    disk = tmp_path / "disk"
    command = [sys.executable, "-c", PUSH_UNTIL_FULL, disk / "serving", *models]
    process = run_on_small_disk(disk, "300k", command)
    assert process.returncode == 0, process.stderr
    result = json.loads(process.stdout)
    assert result["errors"] and set(result["errors"]) == {FULL}
    assert result["versions"] == [[name, None] for name in left]
    assert result["entries"] == len(left), "no leftovers fill the disk"
