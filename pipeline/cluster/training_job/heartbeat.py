"""How the pods of a training job learn that the Trainer that waits for them is gone.

The Trainer deletes its job when it is stopped. When it is killed, it cannot: Kubeflow Pipelines
stops a task by ending its launcher, and with it, at once, all that runs in its container. So the
Trainer writes a file again and again, and pods that have seen no change for long end themselves.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

ALIVE_FILE = "training_alive"
"""Its name in the Trainer's `model_run`."""
# A network file system or a node that is away for some minutes ends no training.
SILENT_SECONDS = 900.0
_PAUSE_SECONDS = 20.0
_logger = logging.getLogger(__name__)


@contextmanager
def show_life(path: str, pause_seconds: float = _PAUSE_SECONDS) -> Iterator[None]:
    """Writes the file while it is entered, and removes it at the end."""
    import tensorflow as tf

    is_over = threading.Event()

    def write() -> None:
        try:
            with tf.io.gfile.GFile(path, "w") as file:
                file.write(str(time.time_ns()))
        except tf.errors.OpError as error:
            _logger.warning("%s cannot be written: %s", path, error.message)

    def run() -> None:
        while not is_over.wait(pause_seconds):
            write()

    write()
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        if tf.io.gfile.exists(path):
            tf.io.gfile.remove(path)


def end_when_silent(
    path: str,
    failure_file: Path | None,
    silent_seconds: float = SILENT_SECONDS,
    pause_seconds: float = _PAUSE_SECONDS,
) -> None:
    """Watches the file in a thread, and ends this process once nothing has changed for long."""
    import tensorflow as tf

    def read() -> str | None:
        try:
            with tf.io.gfile.GFile(path) as file:
                return file.read()
        except tf.errors.OpError:
            return None

    def end() -> None:
        fail(
            f"the Trainer that waits for this training has given no sign of life for "
            f"{silent_seconds:.0f} s: it was stopped",
            failure_file,
        )
        # What trains is in another thread, and deep in TensorFlow.
        os._exit(1)

    watch = threading.Thread(
        target=_watch, args=(read, end, silent_seconds, pause_seconds), daemon=True
    )
    watch.start()


def _watch(
    read: Callable[[], str | None],
    end: Callable[[], None],
    silent_seconds: float,
    pause_seconds: float,
) -> None:
    # By this machine's clock alone: two machines' need not agree.
    seen, since = read(), time.monotonic()
    while time.monotonic() - since < silent_seconds:
        time.sleep(pause_seconds)
        now = read()
        if now is not None and now != seen:
            seen, since = now, time.monotonic()
    end()


def fail(told: str, file: Path | None) -> None:
    """Says why this pod fails: to its log, and to Kubernetes."""
    click.echo(f"Error: {told}", err=True)
    if file is not None:
        try:
            # Kubernetes reads no more.
            file.write_text(told[:4096])
        except OSError as error:
            click.echo(f"{file} cannot be written: {error.strerror}", err=True)
