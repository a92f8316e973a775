"""Where Beam would run, and what is done in its place."""

from collections.abc import Iterator

import apache_beam as beam
import pytest

from components.beam import is_in_one_process, run_in_process


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([], True),
        (["--runner=DirectRunner", "--direct_running_mode=in_memory"], True),
        (["--direct_running_mode=multi_processing"], False),
        (["--runner=apache_beam.runners.direct.DirectRunner"], True),
        (["--runner=direct"], True),
        (["--runner=directrunner"], True),
        (["--runner=FlinkRunner", "--flink_master=flink:8081"], False),
        (["--runner=DataflowRunner"], False),
    ],
    ids=str,
)
def test_where_beam_would_run(args: list[str], expected: bool) -> None:
    assert is_in_one_process(args) is expected


class _Double(beam.DoFn):
    def __init__(self) -> None:
        self.states: list[str] = []

    def setup(self) -> None:
        self.states.append("set up")

    def process(self, element: int) -> Iterator[int]:
        yield element
        yield 2 * element

    def teardown(self) -> None:
        self.states.append("torn down")


def test_a_function_is_set_up_called_and_torn_down() -> None:
    double = _Double()
    assert list(run_in_process(double, [1, 5])) == [1, 2, 5, 10]
    assert double.states == ["set up", "torn down"]


def test_it_is_torn_down_after_an_error() -> None:
    double = _Double()
    with pytest.raises(TypeError):
        list(run_in_process(double, [1, None]))
    assert double.states == ["set up", "torn down"]
