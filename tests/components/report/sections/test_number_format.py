from collections.abc import Callable
from typing import Any

import pytest

from components.report.sections import number_format


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (number_format.accuracy, 0.96474, "0.9647"),
        (number_format.accuracy, 1, "1.0000"),
        (number_format.accuracy, None, "–"),
        (number_format.signed, 0.0032, "+0.0032"),
        (number_format.signed, -0.01, "−0.0100"),
        (number_format.signed, None, "–"),
        (number_format.interval, [0.9379, 0.98031], "0.9379 to 0.9803"),
        (number_format.interval, None, "–"),
        (number_format.half_width, [0.9379, 0.98031], "± 0.0212"),
        (number_format.change_interval, [-0.01, 0.02], "−0.0100 to +0.0200"),
        (number_format.change_interval, None, "–"),
        (number_format.number, 2002, "2,002"),
        (number_format.number, None, "–"),
        (number_format.percent, 0.1234, "12.3 %"),
        (number_format.duration, 0.04, "0.04 s"),
        (number_format.duration, 3.24, "3.2 s"),
        (number_format.duration, 9.96, "10 s"),
        (number_format.duration, 59.7, "1 min 00 s"),
        (number_format.duration, 3780, "1 h 03 min"),
        (number_format.size, 999, "999 bytes"),
        (number_format.size, 11_800_000, "11.8 MB"),
        (number_format.size, -4096, "-4.1 kB"),
        (number_format.size, 2.5e9, "2.5 GB"),
    ],
)
def test_figure(write: Callable[[Any], str], value: Any, text: str) -> None:
    assert write(value) == text
