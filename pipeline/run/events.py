r"""What the worker reports to the front end: one JSON object a line, of the type in `kind`.

    {"kind":"phase","message":"loading TensorFlow and TFX"}
    {"kind":"plan","components":["ImageExampleGen","StatisticsGen"]}
    {"kind":"started","component":"ImageExampleGen"}
    {"kind":"progress","component":"ImageExampleGen","message":"reading","done":40,"total":100}
    {"kind":"finished","component":"ImageExampleGen","state":"done","seconds":3.2,"facts":{...}}
    {"kind":"failed","component":"Trainer","cause":"...","hint":null}

The facts of a finished component are those of `facts.py` in its component's folder. A node on a
cluster writes its last event at the end of its log, in the same form.
"""

import logging
import os
import threading
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationError,
)

from components.printable import encodable, printable_text

State = Literal["done", "cached", "skipped"]
"""How a component finished: it ran, its outputs are an earlier run's, or it had nothing to do."""


Message = Annotated[str, BeforeValidator(lambda text: _map_texts(text, printable_text))]
"""What people read; file names in it are made printable."""
EventFacts = Annotated[
    dict[str, JsonValue], BeforeValidator(lambda facts: _map_texts(facts, encodable))
]
"""What programs read; exact, except for bytes that are not UTF-8."""


def _map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Applies a function to all texts of plain data, keys included; leaves other data as it is."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {_map_texts(key, change): _map_texts(one, change) for key, one in value.items()}
    return [_map_texts(one, change) for one in value] if isinstance(value, list) else value


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Phase(_Event):
    """What happens while no component runs."""

    kind: Literal["phase"] = "phase"
    message: Message


class Plan(_Event):
    """The components that will run, in order."""

    kind: Literal["plan"] = "plan"
    components: list[str]


class Started(_Event):
    """A component starts."""

    kind: Literal["started"] = "started"
    component: str


class Progress(_Event):
    """How far a component is; `done` of `total` where that can be counted.

    A note is shown until the component ends; other progress until the next.
    """

    kind: Literal["progress"] = "progress"
    component: str
    message: Message
    done: int | None = None
    total: int | None = None
    is_note: bool = False


class Finished(_Event):
    """A component has ended, with what it found."""

    kind: Literal["finished"] = "finished"
    component: str
    state: State
    seconds: float
    facts: EventFacts = {}


class Failed(_Event):
    """The run has failed: why, in one sentence, and what to do about it."""

    kind: Literal["failed"] = "failed"
    component: str | None = None
    cause: Message
    hint: Message | None = None


Event = Phase | Plan | Started | Progress | Finished | Failed
_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])


class EventWriter:
    """Writes events to a pipe, each at once and whole, from any thread."""

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd
        self._lock = threading.Lock()

    def write(self, event: Event) -> None:
        """Writes one event; does nothing once the pipe has no reader.

        Raises:
            OSError: It cannot be written for another reason.
        """
        line = memoryview(event.model_dump_json().encode() + b"\n")
        with self._lock:
            try:
                while self._fd is not None and line:
                    line = line[os.write(self._fd, line) :]
            except BrokenPipeError:
                # The front end is gone. Whether the work continues is not decided here.
                self._close()

    def close(self) -> None:
        """Ends the stream."""
        with self._lock:
            self._close()

    def __enter__(self) -> "EventWriter":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def parse_event(line: str | bytes) -> Event:
    """Reads one line.

    Raises:
        ValueError: It is not an event.
    """
    try:
        return _EVENT.validate_json(line)
    except ValidationError:
        shown = line if isinstance(line, str) else line.decode(errors="replace")
        raise ValueError(f"not an event: {shown.strip()[:200]}") from None


class ProgressEvents(logging.Handler):
    """Passes what components report as progress on to the front end."""

    def __init__(self, write: Callable[[Event], None]):
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        """Sends one record."""
        self._write(Progress(**getattr(record, "progress")))  # noqa: B009 - from extra=
