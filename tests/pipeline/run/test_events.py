import os
import threading

import pytest

from pipeline.run.events import (
    Event,
    EventWriter,
    Failed,
    Finished,
    Phase,
    Plan,
    Progress,
    Started,
    parse_event,
)

EVENTS: list[Event] = [
    Phase(message="loading"),
    Plan(components=["a", "b"]),
    Started(component="a"),
    Progress(component="a", message="épsilon\n2", done=1, total=None),
    Finished(component="a", state="cached", seconds=0.5, facts={"splits": {"train": 3}, "n": None}),
    Failed(component=None, cause="no", hint=None),
]


def test_events_survive_the_pipe() -> None:
    reader, fd = os.pipe()
    with EventWriter(fd) as writer:
        for event in EVENTS:
            writer.write(event)
    with open(reader, encoding="utf-8") as lines:
        assert [*map(parse_event, lines)] == EVENTS


def test_lines_of_several_threads_stay_whole() -> None:
    reader, fd = os.pipe()
    writer = EventWriter(fd)
    event = Phase(message="x" * 10_000)

    def write_many() -> None:
        for _ in range(20):
            writer.write(event)

    threads = [threading.Thread(target=write_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    with open(reader, encoding="utf-8") as lines:
        found = [next(lines) for _ in range(80)]
    assert [*map(parse_event, found)] == [event] * 80
    writer.close()


def test_the_writer_survives_its_reader() -> None:
    reader, fd = os.pipe()
    writer = EventWriter(fd)
    os.close(reader)
    writer.write(EVENTS[0])
    writer.write(EVENTS[1])
    writer.close()


@pytest.mark.parametrize("line", ["hello", '{"kind": "dance"}', '{"kind": "started"}'])
def test_other_lines_are_errors(line: str) -> None:
    with pytest.raises(ValueError, match="not an event"):
        parse_event(line)


def test_any_file_name_can_be_sent() -> None:
    name = "\x1b[2J" + os.fsdecode(b"\xff")
    events: list[Event] = [
        Progress(component="a", message=name),
        Failed(cause=f"{name}\ntwo", hint=name),
        Finished(component="a", state="done", seconds=1, facts={"unused": [name], name: 1}),
    ]
    progress, failed, finished = [parse_event(event.model_dump_json()) for event in events]
    assert progress.model_dump()["message"] == "\\x1b[2J\\xff"
    assert failed.model_dump()["cause"] == "\\x1b[2J\\xff\ntwo"
    assert failed.model_dump()["hint"] == "\\x1b[2J\\xff"
    # Programs read facts, in which a path stays exact where JSON can have it.
    exact = "\x1b[2J\\xff"
    assert finished.model_dump()["facts"] == {"unused": [exact], exact: 1}
