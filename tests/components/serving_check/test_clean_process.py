"""The process that asks has TensorFlow and nothing of ours, and its end is told."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from components.serving_check import clean_process_main
from components.serving_check.calls import Question, Series
from components.serving_check.clean_process import Answers, _listen, ask
from tests.repository import REPOSITORY

IMPORT = """
import runpy, sys
sys.path.insert(0, {repository!r})
sys.meta_path.insert(0, runpy.run_path({asker!r})["OnlyTensorFlow"]())
import {module}
"""


def _import(module: str) -> "subprocess.CompletedProcess[str]":
    script = IMPORT.format(
        repository=str(REPOSITORY), asker=clean_process_main.__file__, module=module
    )
    command = [sys.executable, "-I", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "module",
    ["pipeline", "components.errors", "trainer", "tfx", "tensorflow_transform", "tf_keras", "PIL"],
)
def test_only_what_comes_with_tensorflow_can_be_imported(module: str) -> None:
    result = _import(module)
    assert result.returncode == 1
    assert "does not come with TensorFlow" in result.stderr


def test_what_comes_with_tensorflow_can_be_imported() -> None:
    result = _import("json, numpy, keras, google.protobuf, h5py, tensorflow.core")
    assert result.returncode == 0, result.stderr


def _listen_to(script: str) -> Answers:
    command = [sys.executable, "-I", "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            return _listen(process, [Question("a batch of 1", (b"",))], 0.5)
        finally:
            process.kill()


def test_a_process_that_says_nothing_is_given_up() -> None:
    answers = _listen_to("import time; time.sleep(60)")
    assert answers.ending == "load: no answer within 0.5 seconds"


@pytest.mark.parametrize(
    ("script", "ending"),
    [
        ("import sys; sys.exit(3)", "the process exited with 3"),
        ("import os; os.kill(os.getpid(), 9)", "the process was ended by signal 9"),
    ],
)
def test_a_process_that_ends_early(script: str, ending: str) -> None:
    loaded = """print('{"name": "load", "outputs": {}}', flush=True); """
    answers = _listen_to(loaded + script)
    assert answers.ending == f"a batch of 1: {ending}"
    assert answers.outputs == {}


def test_the_process_ends_with_the_one_that_started_it(good_model: Path, tmp_path: Path) -> None:
    # Whatever kills the run closes the pipe.
    command = [sys.executable, "-I", clean_process_main.__file__, str(good_model), str(tmp_path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin and process.stdout
    process.stdin.close()
    start = time.monotonic()
    while process.poll() is None:
        assert time.monotonic() - start < 300
        time.sleep(0.05)
    process.stdout.close()
    assert process.returncode == 1


def test_answers_come_back_as_arrays(good_model: Path) -> None:
    answers = ask(str(good_model), [Question("nothing", ()), Question("text", (b"text",))])
    assert answers.errors == {} and answers.ending is None
    assert answers.outputs["nothing"]["scores"].shape == (0, 3)
    assert answers.outputs["text"]["valid"].tolist() == [False]
    assert answers.outputs["text"]["classes"].tolist() == [["blue", "green", "red"]]


def test_a_slow_model_gets_fewer_calls(good_model: Path) -> None:
    # It has no time at all; the least number of calls is made nevertheless.
    answers = ask(str(good_model), [Series("calls", (b"text",), 2, 1000, 0.0)])
    assert answers.timings["calls"].calls == 20
    assert len(answers.timings["calls"].memory_bytes) == 2
