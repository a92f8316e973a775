"""Calls a model in a separate process that has TensorFlow and none of this project's code."""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from absl import logging

from components.progress import report_progress
from components.serving_check import clean_process_main
from components.serving_check.calls import Call, CallSeries
from components.serving_check.contract import Outputs
from components.serving_check.timing import Timing

TIMEOUT_SECONDS = 600
"""Longest wait for a response; loading a large model from a slow disk takes longest."""


@dataclass
class Responses:
    """Outputs and errors by call, timings by series of calls.

    Loading the model is the call `load`. `ending` says why the process ended before all calls were
    made.
    """

    outputs: dict[str, Outputs] = field(default_factory=dict)
    timings: dict[str, Timing] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    ending: str | None = None


def call_model(
    model: str,
    calls: Sequence[Call | CallSeries],
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Responses:
    """Loads a SavedModel in a clean process and calls it.

    The process is killed if it sends nothing for `timeout_seconds`.
    """
    with tempfile.TemporaryDirectory(prefix="serving-check-") as name:
        folder = Path(name)
        _write_calls(calls, folder)
        with (folder / "log").open("w+b") as log:
            with _start(model, folder, log) as process:
                try:
                    responses = _receive(process, calls, timeout_seconds)
                finally:
                    process.kill()
            log.seek(0)
            logging.info("The clean process logged:\n%s", log.read().decode(errors="replace"))
    return responses


def _write_calls(calls: Sequence[Call | CallSeries], folder: Path) -> None:
    files: dict[bytes, str] = {}
    written = []
    for call in calls:
        for image in call.images:
            if image not in files:
                files[image] = f"{len(files):05}"
                (folder / files[image]).write_bytes(image)
        names = [files[image] for image in call.images]
        written.append({**call.as_json(), "images": names})
    (folder / "calls.json").write_text(json.dumps(written))


def _start(model: str, folder: Path, log: IO[bytes]) -> "subprocess.Popen[bytes]":
    # -I: neither PYTHONPATH nor the current folder makes our packages importable.
    command = [sys.executable, "-I", clean_process_main.__file__, model, str(folder)]
    environment = {
        **os.environ,
        # GPUs round differently; on the CPU, rounding can be distinguished from wrong scores.
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "1",
    }
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
    )


def _receive(
    process: "subprocess.Popen[bytes]", calls: Sequence[Call | CallSeries], seconds: float
) -> Responses:
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_read_lines, args=(process.stdout, lines), daemon=True).start()
    responses = Responses()
    names = [clean_process_main.LOAD, *(call.name for call in calls)]
    for number, name in enumerate(names):
        is_complete = False
        while not is_complete:
            try:
                line = lines.get(timeout=seconds)
            except queue.Empty:
                responses.ending = f"{name}: no response within {seconds:g} seconds"
                return responses
            if not line:
                responses.ending = f"{name}: {_describe_exit(process)}"
                return responses
            is_complete = _store_message(json.loads(line), responses)
        if clean_process_main.LOAD in responses.errors:
            return responses
        report_progress("ServingCheck", "calling the model", number, len(calls))
    return responses


def _read_lines(stream: IO[bytes], lines: "queue.Queue[bytes]") -> None:
    with suppress(ValueError):  # The stream was closed.
        for line in stream:
            lines.put(line)
    lines.put(b"")


def _store_message(message: dict[str, Any], responses: Responses) -> bool:
    """Stores one message of the process; returns whether it completes its call."""
    name = message["name"]
    if "done" in message:
        return False
    if "error" in message:
        responses.errors[name] = message["error"]
    elif "milliseconds" in message:
        responses.timings[name] = Timing(
            np.asarray(message["milliseconds"]), np.asarray(message["memory_bytes"], np.int64)
        )
    elif name != clean_process_main.LOAD:
        outputs = message["outputs"]
        responses.outputs[name] = {key: _decode(output) for key, output in outputs.items()}
    return True


def _decode(output: dict[str, Any]) -> np.ndarray:
    dtype = object if output["dtype"] == "string" else output["dtype"]
    return np.asarray(output["values"], dtype).reshape(output["shape"])


def _describe_exit(process: "subprocess.Popen[bytes]") -> str:
    code = process.wait()
    return (
        f"the process was killed by signal {-code}"
        if code < 0
        else f"the process exited with {code}"
    )
