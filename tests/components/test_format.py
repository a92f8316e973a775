"""Numbers as people read them."""

import pytest

from components.format import (
    change,
    change_interval,
    count,
    duration,
    interval,
    percent,
    share,
    size,
)


def test_count() -> None:
    assert count(1, "class") == "1 class"
    assert count(0, "image") == "0 images"
    assert count(1000, "class") == "1,000 classes"
    assert count(2002, "image") == "2,002 images"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0s"),
        (3.24, "3.2s"),
        (9.96, "10s"),
        (41, "41s"),
        (59.7, "1m00s"),
        (125, "2m05s"),
        (3780, "1h03m"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_share_has_three_digits() -> None:
    assert [share(value) for value in (0.98154, 0.95, 1.0, None)] == [
        "0.982",
        "0.950",
        "1.000",
        "–",
    ]


def test_a_share_never_seems_to_meet_a_bound_that_it_misses() -> None:
    assert share(0.9496, apart_from=0.95) == "0.9496"
    assert share(0.94999, apart_from=0.95) == "0.94999"
    assert share(0.93, apart_from=0.95) == "0.930"
    assert share(0.95, apart_from=0.95) == "0.950"


def test_changes_and_intervals() -> None:
    assert change(-0.01) == "-0.010"
    assert change(0.0032) == "+0.003"
    assert interval((0.9379, 0.9803)) == "0.938 to 0.980"
    assert change_interval((-0.01, 0.02)) == "-0.010 to +0.020"
    assert percent(0.123) == "12.3 %"


def test_size() -> None:
    assert [size(number) for number in (0, 999, 1000, 9_400_000, 2.8e12)] == [
        "0 bytes", "999 bytes", "1.0 kB", "9.4 MB", "2800.0 GB",
    ]  # fmt: skip
