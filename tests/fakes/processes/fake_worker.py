"""Stands in for pipeline.local.worker: writes the events of a real run, or dies in it.

usage: fake_worker.py SCENARIO PACE --run-dir DIR --workspace DIR --run-id ID --events-fd N
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from pipeline.local.worker import die_with_parent
from pipeline.run.events import EventWriter, Failed, Finished, Phase, Plan, Progress, Started

NAMES = ["ImageExampleGen", "StatisticsGen", "SchemaGen", "ExampleCheck", "Transform"]
NAMES += ["Trainer", "Baseline", "Evaluator", "Pusher"]
# Longer than a test waits: a process that ends by itself proves nothing.
FOREVER_SECONDS = 600


def facts_of(workspace: Path, blessed: bool) -> dict[str, dict]:
    reasons = [] if blessed else ["test accuracy 0.9312 is below gate.min_accuracy 0.95 by 0.0188"]
    pushed = {"pushed": True, "version": 3, "path": str(workspace / "serving/digits/3")}
    return {
        "ImageExampleGen": {
            "found": 2002,
            "accepted": 1999,
            "quarantined": 3,
            "quarantined_by_reason": {"truncated": 2, "two_labels": 1},
            "splits": {"train": 1400, "validation": 300, "test": 299},
            "classes": {"cat": 1000, "dog": 999},
            "span": None,
            "quarantine_path": str(workspace / "artifacts/digits/ImageExampleGen/quarantine.jsonl"),
        },
        "ExampleCheck": {"anomalies": []},
        "Trainer": {
            "stages": [
                {"name": "head", "epochs": 12, "seconds": 9.0, "validation_accuracy": 0.947},
                {"name": "fine-tune", "epochs": 10, "seconds": 41.5, "validation_accuracy": 0.9815},
            ],
        },
        "Baseline": {"baseline": None},
        "Evaluator": {
            "test_accuracy": 0.9852 if blessed else 0.9312,
            "test_examples": 299,
            "baseline_accuracy": None,
            "blessed": blessed,
            "reasons": reasons,
        },
        "Pusher": pushed if blessed else {"pushed": False, "version": None, "path": None},
    }


def main() -> None:
    scenario, pace, *_ = sys.argv[1:]
    options = dict(zip(sys.argv[3::2], sys.argv[4::2], strict=True))
    seconds, workspace = float(pace), Path(options["--workspace"])
    events = EventWriter(int(options["--events-fd"]))
    die_with_parent(int(options["--events-fd"]))
    print("this is TensorFlow's log", flush=True)
    if scenario == "ignores SIGTERM":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    events.write(Phase(message="loading TensorFlow and TFX"))
    time.sleep(seconds)
    if scenario == "misfit":
        events.write(Failed(cause="model.weights: a.h5 does not fit MobileNetV2", hint="another"))
        sys.exit(2)
    events.write(Plan(components=NAMES))
    facts = facts_of(workspace, blessed=scenario != "refused")
    state = "cached" if scenario == "cached" else "done"
    for name in NAMES:
        events.write(Started(component=name))
        if state == "done":
            work(name, seconds, events)
        if name == "Trainer":
            misbehave(scenario, events, int(options["--events-fd"]))
        events.write(
            Finished(component=name, state=state, seconds=seconds, facts=facts.get(name, {}))
        )
    if scenario == "does not end":
        time.sleep(FOREVER_SECONDS)


def work(name: str, seconds: float, events: EventWriter) -> None:
    for step in range(1, 101):
        if name == "ImageExampleGen":
            events.write(
                Progress(component=name, message="checking images", done=20 * step, total=2002)
            )
        if name == "Trainer" and step % 10 == 0:
            message = f"fine-tune: epoch {step // 10}/10, validation accuracy 0.{900 + step // 2}"
            events.write(Progress(component=name, message=message, done=step // 10, total=10))
        time.sleep(seconds / 100)


def misbehave(scenario: str, events: EventWriter, fd: int) -> None:
    match scenario:
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "fails":
            cause = "the weights file has 3 layers, the backbone 5"
            events.write(Failed(component="Trainer", cause=cause, hint="use other weights"))
            sys.exit(1)
        case "raises":
            raise MemoryError("not enough memory for the features")
        case "malformed event":
            os.write(fd, b"hello\n")
        case "stops early":
            sys.exit(0)
        case "waits" | "ignores SIGTERM":
            child = subprocess.Popen(["sleep", str(FOREVER_SECONDS)])
            print(f"pids {os.getpid()} {child.pid}", flush=True)
            time.sleep(FOREVER_SECONDS)


if __name__ == "__main__":
    main()
