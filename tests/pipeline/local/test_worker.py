import os
import subprocess
import sys

from tests.repository import REPOSITORY

CODE = """
import sys
from pipeline.local.worker import die_with_parent
die_with_parent(int(sys.argv[1]))
print("alive")
"""


def call_with(fd: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CODE, str(fd)]
    return subprocess.run(command, pass_fds=[fd], capture_output=True, text=True, cwd=REPOSITORY)


def test_continues_while_the_pipe_has_a_reader() -> None:
    reader, writer = os.pipe()
    assert call_with(writer).stdout == "alive\n"
    os.close(reader)
    os.close(writer)


def test_exits_if_the_parent_has_already_ended() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    result = call_with(writer)
    os.close(writer)
    assert (result.returncode, result.stdout) == (1, "")
