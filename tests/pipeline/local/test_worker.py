import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.config.load import load_config
from pipeline.local.worker import run_pipeline
from pipeline.run.events import EventWriter, Phase, parse_event
from pipeline.run.paths import Workspace
from tests.repository import REPOSITORY
from trainer.network.settings import MisfitError

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


def test_settings_that_do_not_fit_are_found_before_the_first_node(tmp_path: Path) -> None:
    stages = "trainer.stages=[{name: head, freeze: block_99_expand}]"
    config = load_config(REPOSITORY / "configs/digits.yaml", [stages])
    reader, writer = os.pipe()
    with EventWriter(writer) as events, pytest.raises(MisfitError, match="block_99_expand"):
        run_pipeline(config, Workspace(tmp_path), "run", events)
    with open(reader) as lines:
        assert [type(parse_event(line)) for line in lines] == [Phase]
    assert list(tmp_path.iterdir()) == []
