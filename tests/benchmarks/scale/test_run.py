from pathlib import Path

from benchmarks.scale.run import RunningComponent


def test_component_at_work_follows_from_the_events(tmp_path: Path) -> None:
    running = RunningComponent(tmp_path)
    assert running() == ""
    events = tmp_path / "runs" / "one" / "events.jsonl"
    events.parent.mkdir(parents=True)
    with events.open("a") as file:
        file.write('{"kind":"started","component":"Trainer"}\n')
        file.flush()
        assert running() == "Trainer"
        file.write('{"kind":"progress","component":"Trainer"}\n{"kind":"finished",')
        file.flush()
        assert running() == "Trainer"
        file.write('"component":"Trainer"}\n')
        file.flush()
        assert running() == ""
