"""Puts questions to a model in a process that has TensorFlow and nothing of ours."""

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
from components.serving_check.calls import Question, Series
from components.serving_check.contract import Outputs
from components.serving_check.timing import Timing

ANSWER_SECONDS = 600
"""How long an answer may take; loading a large model from a slow disk is the longest."""


@dataclass
class Answers:
    """What became of the questions.

    Attributes:
        outputs: The model's outputs by question.
        timings: Those of series of calls.
        errors: Why a question could not be answered, by question; `load` is the first of them.
        ending: Why the process ended before it had answered all, or None.
    """

    outputs: dict[str, Outputs] = field(default_factory=dict)
    timings: dict[str, Timing] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    ending: str | None = None


def ask(
    model: str,
    questions: Sequence[Question | Series],
    answer_seconds: float = ANSWER_SECONDS,
) -> Answers:
    """Loads a SavedModel in a clean process and puts questions to it.

    Args:
        model: Its folder.
        questions: In this order; the model is loaded once.
        answer_seconds: After so long without a sign of life the process is killed.
    """
    with tempfile.TemporaryDirectory(prefix="serving-check-") as name:
        folder = Path(name)
        _write(questions, folder)
        with (folder / "log").open("w+b") as log:
            with _start(model, folder, log) as process:
                try:
                    answers = _listen(process, questions, answer_seconds)
                finally:
                    process.kill()
            log.seek(0)
            logging.info("The clean process logged:\n%s", log.read().decode(errors="replace"))
    return answers


def _write(questions: Sequence[Question | Series], folder: Path) -> None:
    files: dict[bytes, str] = {}
    written = []
    for question in questions:
        for image in question.images:
            if image not in files:
                files[image] = f"{len(files):05}"
                (folder / files[image]).write_bytes(image)
        names = [files[image] for image in question.images]
        written.append({**question.as_json(), "images": names})
    (folder / "questions.json").write_text(json.dumps(written))


def _start(model: str, folder: Path, log: IO[bytes]) -> "subprocess.Popen[bytes]":
    # -I: neither PYTHONPATH nor the current folder leads to our packages.
    command = [sys.executable, "-I", clean_process_main.__file__, model, str(folder)]
    environment = {
        **os.environ,
        # GPUs round in ways of their own; on the CPU scores can be told apart from wrong ones.
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


def _listen(
    process: "subprocess.Popen[bytes]", questions: Sequence[Question | Series], seconds: float
) -> Answers:
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
    answers = Answers()
    names = [clean_process_main.LOAD, *(question.name for question in questions)]
    for number, name in enumerate(names):
        is_answered = False
        while not is_answered:
            try:
                line = lines.get(timeout=seconds)
            except queue.Empty:
                answers.ending = f"{name}: no answer within {seconds:g} seconds"
                return answers
            if not line:
                answers.ending = f"{name}: {_how_it_ended(process)}"
                return answers
            is_answered = _take(json.loads(line), answers)
        if clean_process_main.LOAD in answers.errors:
            return answers
        report_progress("ServingCheck", "asking the model", number, len(questions))
    return answers


def _read(stream: IO[bytes], lines: "queue.Queue[bytes]") -> None:
    with suppress(ValueError):  # The stream was closed.
        for line in stream:
            lines.put(line)
    lines.put(b"")


def _take(message: dict[str, Any], answers: Answers) -> bool:
    """Files one line of the process; whether it is the last one on its question."""
    name = message["name"]
    if "done" in message:
        return False
    if "error" in message:
        answers.errors[name] = message["error"]
    elif "milliseconds" in message:
        answers.timings[name] = Timing(
            np.asarray(message["milliseconds"]), np.asarray(message["memory_bytes"], np.int64)
        )
    elif name != clean_process_main.LOAD:
        answers.outputs[name] = {key: _decode(output) for key, output in message["outputs"].items()}
    return True


def _decode(output: dict[str, Any]) -> np.ndarray:
    dtype = object if output["dtype"] == "string" else output["dtype"]
    return np.asarray(output["values"], dtype).reshape(output["shape"])


def _how_it_ended(process: "subprocess.Popen[bytes]") -> str:
    code = process.wait()
    return (
        f"the process was ended by signal {-code}"
        if code < 0
        else f"the process exited with {code}"
    )
