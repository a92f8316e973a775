"""Ends the pods of a training job after the Trainer that waits for them was killed.

A Trainer that is stopped deletes its job. When it is killed, it cannot: Kubeflow Pipelines stops a
task by ending its launcher, and at the same moment everything else in the container. So the Trainer
rewrites a file at regular intervals, and pods exit when it has not changed for a long time.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

FAILURE_FILE = "/dev/termination-log"
"""Kubernetes reports what a container writes here when it has ended (`terminationMessagePath`)."""

HEARTBEAT_FILE = "training_alive"
"""Its name in the Trainer's `model_run` artifact."""
# A network file system may be unavailable for some minutes.
TIMEOUT_SECONDS = 900.0
_INTERVAL_SECONDS = 20.0
_logger = logging.getLogger(__name__)


@contextmanager
def heartbeat(path: str, interval_seconds: float = _INTERVAL_SECONDS) -> Iterator[None]:
    """Rewrites the file at intervals while the context is entered, then removes it."""
    import tensorflow as tf

    is_finished = threading.Event()

    def write() -> None:
        try:
            with tf.io.gfile.GFile(path, "w") as file:
                file.write(str(time.time_ns()))
        except tf.errors.OpError as error:
            _logger.warning("%s cannot be written: %s", path, error.message)

    def run() -> None:
        while not is_finished.wait(interval_seconds):
            write()

    write()
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_finished.set()
        thread.join()
        if tf.io.gfile.exists(path):
            tf.io.gfile.remove(path)


def exit_without_heartbeat(
    path: str,
    failure_file: Path | None,
    timeout_seconds: float = TIMEOUT_SECONDS,
    interval_seconds: float = _INTERVAL_SECONDS,
) -> None:
    """Watches the file in a thread, and exits this process when it no longer changes."""
    import tensorflow as tf

    def read() -> str | None:
        try:
            with tf.io.gfile.GFile(path) as file:
                return file.read()
        except tf.errors.OpError:
            return None

    def end() -> None:
        report_failure(
            f"no heartbeat for {timeout_seconds:.0f} s from the Trainer that waits for this "
            "training: it was killed",
            failure_file,
        )
        # The training is in another thread, inside TensorFlow, and cannot be interrupted.
        os._exit(1)

    watch = threading.Thread(
        target=_watch, args=(read, end, timeout_seconds, interval_seconds), daemon=True
    )
    watch.start()


def _watch(
    read: Callable[[], str | None],
    end: Callable[[], None],
    timeout_seconds: float,
    interval_seconds: float,
) -> None:
    # Only this machine's clock: two machines' clocks may differ.
    content, since = read(), time.monotonic()
    while time.monotonic() - since < timeout_seconds:
        time.sleep(interval_seconds)
        new = read()
        if new is not None and new != content:
            content, since = new, time.monotonic()
    end()


def report_failure(message: str, file: Path | None) -> None:
    """Reports why this pod fails, in its log and to Kubernetes."""
    click.echo(f"Error: {message}", err=True)
    if file is not None:
        try:
            # Kubernetes reads no more than 4096 bytes.
            file.write_text(message[:4096])
        except OSError as error:
            click.echo(f"{file} cannot be written: {error.strerror}", err=True)
