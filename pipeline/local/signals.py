"""Ctrl-C and SIGTERM, noted instead of obeyed at once, so that a run ends in good order."""

import contextlib
import os
import signal
from types import FrameType, TracebackType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """Notes SIGINT and SIGTERM while it is entered.

    Attributes:
        received: The signals so far.
        fd: Descriptor that can be read when one has come, so that a wait for it ends.
    """

    def __init__(self) -> None:
        self.received: list[signal.Signals] = []
        self.fd, self._write_fd = os.pipe()
        for end in (self.fd, self._write_fd):
            os.set_blocking(end, False)

    def __enter__(self) -> "StopSignals":
        self._before = {number: signal.signal(number, self._note) for number in STOP_SIGNALS}
        self._fd_before = signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.set_wakeup_fd(self._fd_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self.fd)
        os.close(self._write_fd)

    def clear(self) -> None:
        """Empties `fd`, so that the next wait lasts until the next signal."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.fd, 4096)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.received.append(signal.Signals(number))
