import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.measured_process import folder_bytes, process_name, run_measured
from components.errors import UserError

MEGABYTE = 1_000_000

# A child of the command does the work: the accounts are those of all of them.
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]], check=True)"


def _parent_of(child: str) -> list[str]:
    return [sys.executable, "-c", PARENT, child]


def test_memory_and_time_of_all_processes(tmp_path: Path) -> None:
    child = "import time; block = b'x' * 200_000_000; time.sleep(1.5)"
    measured = run_measured(_parent_of(child), tmp_path / "log", phase=lambda: "sleeping")
    assert measured.exit_code == 0
    assert measured.seconds >= 1.5
    assert measured.cpu_seconds > 0
    assert measured.peak_pss_bytes > 200 * MEGABYTE
    assert measured.largest_process_bytes > 200 * MEGABYTE
    assert {sample.phase for sample in measured.samples} == {"sleeping"}
    assert max(max(one.anon_bytes.values(), default=0) for one in measured.samples) > 200 * MEGABYTE


def test_written_bytes_of_all_processes(tmp_path: Path) -> None:
    kind = subprocess.run(
        ["stat", "-f", "-c", "%T", str(tmp_path)], capture_output=True, text=True, check=True
    )
    if kind.stdout.strip() in ("tmpfs", "ramfs"):
        pytest.skip("needs temporary files on a disk: what goes to memory is not written")
    child = f"open({str(tmp_path / 'file')!r}, 'wb').write(b'x' * 5_000_000)"
    measured = run_measured(_parent_of(child), tmp_path / "log")
    assert measured.written_bytes >= 5 * MEGABYTE


def test_failure_shows_the_end_of_the_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('what went wrong'); raise SystemExit(4)"]
    with pytest.raises(UserError, match=r"exited with 4:\nwhat went wrong") as raised:
        run_measured(command, tmp_path / "log")
    assert raised.value.hint == str(tmp_path / "log")


def test_accepted_exit_code_is_not_a_failure(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit(3)"]
    assert run_measured(command, tmp_path / "log", accepted_codes=(0, 3)).exit_code == 3


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (
            ["/usr/bin/python3", "-m", "pipeline.local.worker", "--x"],
            "pipeline.local.worker",
        ),
        (["python", "-u", "/somewhere/asker.py", "5"], "asker.py"),
        (["/usr/bin/java", "-jar", "x"], "java"),
        ([], "unnamed"),
    ],
)
def test_name_of_a_process(command: list[str], name: str) -> None:
    assert process_name(command) == name


def test_folder_bytes_counts_a_file_with_two_names_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 1000)
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "c").write_bytes(b"x" * 500)
    assert folder_bytes(tmp_path) == 1500
