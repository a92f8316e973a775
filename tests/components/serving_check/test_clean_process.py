"""The clean process can import only TensorFlow, and its end is reported."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from components.serving_check import clean_process_main
from components.serving_check.calls import Call, CallSeries
from components.serving_check.clean_process import Responses, _receive, call_model
from tests.repository import REPOSITORY

IMPORT = """
import runpy, sys
sys.path.insert(0, {repository!r})
sys.meta_path.insert(0, runpy.run_path({script!r})["OnlyTensorFlow"]())
import {module}
"""


def _import(module: str) -> "subprocess.CompletedProcess[str]":
    script = IMPORT.format(
        repository=str(REPOSITORY), script=clean_process_main.__file__, module=module
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


def test_dependencies_of_tensorflow_can_be_imported() -> None:
    result = _import("json, numpy, keras, google.protobuf, h5py, tensorflow.core")
    assert result.returncode == 0, result.stderr


def _receive_from(script: str) -> Responses:
    command = [sys.executable, "-I", "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            return _receive(process, [Call("a batch of 1", (b"",))], 0.5)
        finally:
            process.kill()


def test_a_silent_process_times_out() -> None:
    responses = _receive_from("import time; time.sleep(60)")
    assert responses.ending == "load: no response within 0.5 seconds"


@pytest.mark.parametrize(
    ("script", "ending"),
    [
        ("import sys; sys.exit(3)", "the process exited with 3"),
        ("import os; os.kill(os.getpid(), 9)", "the process was killed by signal 9"),
    ],
)
def test_a_process_that_ends_early(script: str, ending: str) -> None:
    loaded = """print('{"name": "load", "outputs": {}}', flush=True); """
    responses = _receive_from(loaded + script)
    assert responses.ending == f"a batch of 1: {ending}"
    assert responses.outputs == {}


def test_the_process_ends_with_its_parent(good_model: Path, tmp_path: Path) -> None:
    # The pipe closes however the run is killed.
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


def test_outputs_are_arrays(good_model: Path) -> None:
    responses = call_model(str(good_model), [Call("nothing", ()), Call("text", (b"text",))])
    assert responses.errors == {} and responses.ending is None
    assert responses.outputs["nothing"]["scores"].shape == (0, 3)
    assert responses.outputs["text"]["valid"].tolist() == [False]
    assert responses.outputs["text"]["classes"].tolist() == [["blue", "green", "red"]]


def test_a_slow_model_gets_fewer_calls(good_model: Path) -> None:
    # It has no time at all; the minimum number of calls is made anyway.
    responses = call_model(str(good_model), [CallSeries("calls", (b"text",), 2, 1000, 0.0)])
    assert responses.timings["calls"].calls == 20
    assert len(responses.timings["calls"].memory_bytes) == 2
