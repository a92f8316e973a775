"""What a person sees: lines in a log, a table on a terminal."""

import io
from typing import Any

import pytest
from pydantic import JsonValue
from rich.console import Console

from pipeline.console.live import LiveView
from pipeline.console.plain import PlainView
from pipeline.console.view import choose_view
from pipeline.run.events import Event, Failed, Finished, Phase, Plan, Progress, Started
from pipeline.run.state import RunState

INGEST = {
    "found": 2002,
    "quarantined": 3,
    "quarantined_by_reason": {"truncated": 2, "two_labels": 1},
    "splits": {"train": 1400, "validation": 301, "test": 301},
}
NAMES = ["ImageExampleGen", "StatisticsGen", "Trainer", "Evaluator"]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def lines_of(*events: Event, clock: Clock | None = None, seconds: float = 0.0) -> list[str]:
    """The lines of a plain view, with `seconds` between events."""
    clock = clock or Clock()
    stream = io.StringIO()
    state = RunState(clock=clock)
    view = PlainView(stream, clock)
    for event in events:
        state.apply(event)
        view.show(state)
        clock.now += seconds
    return stream.getvalue().splitlines()


def table_of(*events: Event, width: int) -> list[str]:
    clock = Clock()
    state = RunState(clock=clock)
    for event in events:
        state.apply(event)
        clock.now += 41
    stream = io.StringIO()
    view = LiveView(stream, width)
    Console(file=stream, width=width).print(view.render(state))
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def progress(done: int, total: int, message: str = "checking images") -> Progress:
    return Progress(component="ImageExampleGen", message=message, done=done, total=total)


def test_plain_lines_are_one_a_change_of_state() -> None:
    assert lines_of(
        Phase(message="loading TensorFlow and TFX"),
        Plan(components=NAMES),
        Started(component="ImageExampleGen"),
        Finished(component="ImageExampleGen", state="done", seconds=3.2, facts=INGEST),
        Started(component="Trainer"),
        Failed(component="Trainer", cause="x"),
        seconds=2.0,
    ) == [
        "loading TensorFlow and TFX",
        "ImageExampleGen  running",
        "ImageExampleGen  done  3.2s  2,002 images, 3 quarantined (2 truncated, 1 two labels); "
        "train 1,400, validation 301, test 301",
        "Trainer          running",
        "Trainer          failed  2.0s",
    ]


def test_plain_progress_is_shown_every_tenth() -> None:
    events = [progress(done, 1000) for done in range(1, 1001)]
    lines = lines_of(Started(component="ImageExampleGen"), *events, seconds=0.05)
    assert 8 <= len(lines) <= 12
    assert lines[2] == "ImageExampleGen  checking images: 101 of 1,000"
    assert lines[1] == "ImageExampleGen  checking images: 1 of 1,000"


def test_plain_progress_is_shown_every_ten_seconds() -> None:
    events = [progress(done, 1_000_000) for done in range(100)]
    assert len(lines_of(*events, seconds=1.0)) == 10


def test_plain_progress_of_a_moment_is_shown_once() -> None:
    assert len(lines_of(*[progress(done, 100) for done in range(100)], seconds=0.001)) == 1


def test_plain_progress_of_two_kinds_in_turn_stays_short() -> None:
    events = [progress(done, 1000, message) for done in range(500) for message in ("a", "b")]
    assert len(lines_of(*events)) <= 12


def test_every_epoch_has_its_line() -> None:
    events = [
        Progress(component="Trainer", message=f"head: epoch {n}/30", done=n, total=30)
        for n in range(1, 31)
    ]
    lines = lines_of(*events)
    assert len(lines) == 30
    assert lines[-1] == "Trainer  head: epoch 30/30"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_table_fits_the_terminal(width: int) -> None:
    lines = table_of(
        Plan(components=NAMES),
        Finished(component="ImageExampleGen", state="cached", seconds=3.2, facts=INGEST),
        Started(component="Trainer"),
        Progress(component="Trainer", message="fine-tune: epoch 3/10", done=3, total=10),
        width=width,
    )
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("✓  ImageExampleGen  cached    3.2s  2,002 images")
    [trainer] = [line for line in lines if "Trainer" in line]
    assert "running  1m22s  fine-tune: epoch 3/10" in trainer
    assert any("━" in line for line in lines)
    assert any("waiting" in line and "measure on the" in line for line in lines)


@pytest.mark.parametrize(
    ("component", "facts", "reason"),
    [
        (
            "Evaluator",
            {"blessed": False, "reasons": ["test accuracy 0.9 is below 0.95"]},
            "test accuracy 0.9 is below 0.95",
        ),
        (
            "ServingCheck",
            {"is_checked": True, "passed": False, "failures": ["two calls differ"]},
            "two calls differ",
        ),
    ],
)
def test_the_table_names_a_refusal(component: str, facts: dict[str, Any], reason: str) -> None:
    event = Finished(component=component, state="done", seconds=1, facts=facts)
    [line, _] = table_of(event, width=100)
    assert line.startswith(f"✗  {component}  refused   1.0s  refused: {reason}")


def test_a_failed_component_shows_how_far_it_came() -> None:
    [line, *_] = table_of(
        Started(component="Trainer"),
        Progress(component="Trainer", message="head: epoch 3/10"),
        Failed(component="Trainer", cause="x"),
        width=100,
    )
    assert line.startswith("✗  Trainer  failed") and line.endswith("head: epoch 3/10")


def test_the_view_follows_the_stream() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert isinstance(choose_view(io.StringIO(), "xterm"), PlainView)
    assert isinstance(choose_view(Terminal(), "dumb"), PlainView)
    assert isinstance(choose_view(Terminal(), "xterm"), LiveView)


def test_the_heading_comes_first() -> None:
    stream = io.StringIO()
    PlainView(stream).begin(["Run id", "Log workspace/logs/id.log"])
    assert stream.getvalue() == "Run id\nLog workspace/logs/id.log\n"


def test_notes_are_shown_once() -> None:
    note = Progress(component="Trainer", message="starts from version 3", is_note=True)
    lines = lines_of(Started(component="Trainer"), note, progress(1, 2), seconds=2.0)
    assert sum("starts from version 3" in line for line in lines) == 1


def test_what_the_cluster_says_went_wrong_is_shown() -> None:
    state = RunState()
    node = state.node("Trainer")
    node.state, node.error = "failed", "OOMKilled"
    stream = io.StringIO()
    PlainView(stream).show(state)
    assert stream.getvalue().split() == ["Trainer", "failed", "OOMKilled"]


def test_no_view_passes_on_control_sequences() -> None:
    facts: dict[str, JsonValue] = {"splits": {"\x1b[2J": 1}}
    events: list[Event] = [
        Plan(components=NAMES),
        Finished(component="ImageExampleGen", state="done", seconds=1, facts=facts),
    ]
    for shown in (lines_of(*events), table_of(*events, width=100)):
        assert "\\x1b[2J" in "".join(shown) and "\x1b" not in "".join(shown)
