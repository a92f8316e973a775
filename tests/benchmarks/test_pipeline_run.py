from pathlib import Path

from benchmarks.pipeline_run import START_UP, component_seconds, run_command


def test_what_no_component_took_is_start_up() -> None:
    summary = {"components": {"Trainer": {"seconds": 7.5}, "Pusher": {"seconds": None}}}
    assert component_seconds(summary, 10.0) == {START_UP: 2.5, "Trainer": 7.5, "Pusher": 0.0}


def test_settings_keep_their_order() -> None:
    command = run_command(Path("a.yaml"), Path("there"), ["x=1", "x=2"])
    assert command[1:] == [
        *("-m", "pipeline", "run", "a.yaml", "--workspace", "there"),
        *("--set", "x=1", "--set", "x=2"),
    ]
