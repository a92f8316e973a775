"""The worker as a child process: starting it, reading its events, ending it."""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.run.events import Event, parse_event

_READ_BYTES = 1 << 16


class WorkerProcess:
    """A child process in its own session, writing its output to a log and its events to a pipe.

    In its own session it does not receive the terminal's Ctrl-C, only what `signal` sends.

    `--events-fd N` is added to its command.
    """

    def __init__(self, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self._pipe, events_fd = os.pipe()
        try:
            with log.open("ab") as output:
                self._process = subprocess.Popen(
                    [*command, "--events-fd", str(events_fd)],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=dict(environment),
                    pass_fds=[events_fd],
                    start_new_session=True,
                )
        except OSError:
            os.close(self._pipe)
            raise
        finally:
            os.close(events_fd)
        os.set_blocking(self._pipe, False)
        self._unread = b""

    @property
    def returncode(self) -> int | None:
        """Its exit code, minus the signal that killed it, or None while it is running."""
        return self._process.poll()

    def events(self, wake_up_fd: int, seconds: float) -> Iterator[Event]:
        """Waits for events, at most `seconds`, or until `wake_up_fd` becomes readable; yields them.

        Raises:
            ValueError: The worker wrote a line that is not an event.
        """
        with selectors.DefaultSelector() as selector:
            selector.register(wake_up_fd, selectors.EVENT_READ)
            if self._pipe >= 0:
                selector.register(self._pipe, selectors.EVENT_READ)
            selector.select(seconds)
        yield from self.drain()

    def drain(self) -> Iterator[Event]:
        """Yields the events that have arrived, without waiting; an incomplete line is kept."""
        while self._pipe >= 0:
            try:
                data = os.read(self._pipe, _READ_BYTES)
            except BlockingIOError:
                return
            if not data:
                self._close_pipe()
                return
            *lines, self._unread = (self._unread + data).split(b"\n")
            yield from map(parse_event, lines)

    def signal(self, number: int) -> None:
        """Sends a signal to the worker and to every process that it started."""
        with contextlib.suppress(ProcessLookupError):  # All have ended.
            os.killpg(self._process.pid, number)

    def end(self) -> None:
        """Kills every process that is still running, and waits for the worker."""
        self.signal(signal.SIGKILL)
        self._process.wait()
        self._close_pipe()

    def _close_pipe(self) -> None:
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1


class Deadline:
    """A point in time; not set at first."""

    def __init__(self) -> None:
        self._at: float | None = None

    def set(self, seconds: float) -> None:
        """Sets it to `seconds` from now."""
        self._at = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether it was set and has passed."""
        return self._at is not None and time.monotonic() >= self._at
