"""What components report as progress becomes events."""

import logging
from typing import Protocol

from pipeline.events import Event, Progress


class Sink(Protocol):
    """Takes events."""

    def write(self, event: Event) -> None:
        """Takes one."""


class ProgressEvents(logging.Handler):
    """Passes what components report as progress on to the front end."""

    def __init__(self, events: Sink):
        super().__init__()
        self._events = events

    def emit(self, record: logging.LogRecord) -> None:
        """Sends one record."""
        self._events.write(Progress(**getattr(record, "progress")))  # noqa: B009 - from extra=
