from collections.abc import Callable
from typing import Any

import pytest

from components.report import figures


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (figures.accuracy, 0.96474, "0.9647"),
        (figures.accuracy, 1, "1.0000"),
        (figures.accuracy, None, "–"),
        (figures.signed, 0.0032, "+0.0032"),
        (figures.signed, -0.01, "−0.0100"),
        (figures.signed, None, "–"),
        (figures.interval, [0.9379, 0.98031], "0.9379 to 0.9803"),
        (figures.interval, None, "–"),
        (figures.half_width, [0.9379, 0.98031], "± 0.0212"),
        (figures.change_interval, [-0.01, 0.02], "−0.0100 to +0.0200"),
        (figures.change_interval, None, "–"),
        (figures.number, 2002, "2,002"),
        (figures.number, None, "–"),
        (figures.percent, 0.1234, "12.3 %"),
        (figures.duration, 0.04, "0.04 s"),
        (figures.duration, 3.24, "3.2 s"),
        (figures.duration, 9.96, "10 s"),
        (figures.duration, 59.7, "1 min 00 s"),
        (figures.duration, 3780, "1 h 03 min"),
        (figures.size, 999, "999 bytes"),
        (figures.size, 11_800_000, "11.8 MB"),
        (figures.size, -4096, "-4.1 kB"),
        (figures.size, 2.5e9, "2.5 GB"),
    ],
)
def test_figure(write: Callable[[Any], str], value: Any, text: str) -> None:
    assert write(value) == text
