"""Pods exit when the Trainer that waits for them was killed, and not before."""

import os
import subprocess
import sys
import time
from pathlib import Path

from pipeline.cluster.training_job.heartbeat import heartbeat
from tests.repository import REPOSITORY

SCRIPT = """
import sys, time
from pathlib import Path
from pipeline.cluster.training_job.heartbeat import exit_without_heartbeat
exit_without_heartbeat(sys.argv[1], Path(sys.argv[2]), timeout_seconds=3.0, interval_seconds=0.1)
print("watching", flush=True)
time.sleep(60)
"""


def test_a_pod_exits_after_the_last_heartbeat(tmp_path: Path) -> None:
    alive, failure = tmp_path / "alive", tmp_path / "failure"
    with heartbeat(str(alive), interval_seconds=0.1):
        pod = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(alive), str(failure)],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "CUDA_VISIBLE_DEVICES": "-1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert pod.stdout is not None
        try:
            assert pod.stdout.readline() == "watching\n"
            time.sleep(4.5)
            assert pod.poll() is None
            first = alive.read_text()
            time.sleep(0.5)
            assert alive.read_text() != first
        except BaseException:
            pod.kill()
            raise
    assert not alive.exists()
    try:
        _, log = pod.communicate(timeout=120)
    finally:
        pod.kill()
    assert pod.returncode == 1
    message = "no heartbeat for 3 s from the Trainer that waits for this training"
    assert message in failure.read_text() and message in log
