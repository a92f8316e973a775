import pytest

from benchmarks.parts.row import Row, build_table


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        (Row("input", 1800, "images/s", "decoding", 2000, 0.8, "at least"), True),
        (Row("input", 1500, "images/s", "decoding", 2000, 0.8, "at least"), False),
        (Row("latency", 11, "ms", "bare", 10, 1.1), True),
        (Row("latency", 12, "ms", "bare", 10, 1.1), False),
        (Row("start", 9.5, "s", bound=10), True),
        (Row("start", 10.5, "s", bound=10), False),
        (Row("export", 4, "s"), None),
        (Row("further image", 2, "ms", "predict", -0.1, 1.3), None),
        (Row("further image", -0.1, "ms", "predict", 2, 1.3), None),
    ],
)
def test_a_figure_is_held_to_its_bound(row: Row, holds: bool | None) -> None:
    assert row.holds is holds


def test_table_marks_what_does_not_hold() -> None:
    rows = [Row("latency", 12, "ms", "bare", 10, 1.1), Row("start", 9.5, "s", bound=10)]
    assert [list(row) for row in build_table(rows).rows] == [
        ["latency", "12.0 ms", "10.0 ms bare", "1.20", "at most 1.1", "NO"],
        ["start", "9.50 s", "-", "-", "at most 10 s", "yes"],
    ]
