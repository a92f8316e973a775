"""Records Ctrl-C, SIGTERM and SIGHUP instead of ending, so that a run can shut down cleanly."""

import contextlib
import os
import signal
from types import FrameType, TracebackType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""SIGHUP: the terminal was closed."""


class StopSignals:
    """A context manager that records SIGINT, SIGTERM and SIGHUP.

    `fd` becomes readable when a signal arrives, so that `select` wakes up.
    """

    def __init__(self) -> None:
        self.received: list[signal.Signals] = []
        self.fd, self._write_fd = os.pipe()
        for end in (self.fd, self._write_fd):
            os.set_blocking(end, False)

    def __enter__(self) -> "StopSignals":
        self._previous_handlers = {
            number: signal.signal(number, self._record)
            for number in STOP_SIGNALS
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN  # nohup
        }
        self._previous_fd = signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.set_wakeup_fd(self._previous_fd)
        for number, handler in self._previous_handlers.items():
            signal.signal(number, handler)
        os.close(self.fd)
        os.close(self._write_fd)

    def clear(self) -> None:
        """Empties `fd`, so that the next `select` waits for the next signal."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.fd, 4096)

    def _record(self, number: int, frame: FrameType | None) -> None:
        self.received.append(signal.Signals(number))
