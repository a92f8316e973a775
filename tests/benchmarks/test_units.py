import pytest

from benchmarks.medians import Spread
from benchmarks.units import bytes_text, percent, ratio_text, seconds_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(7.24, "7.2 s"), (99.96, "100.0 s"), (125, "2 min 05 s"), (7500, "2 h 05 min")],
)
def test_seconds(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(900, "900 B"), (4_200, "4.2 kB"), (48_000_000, "48 MB"), (2.4e15, "2,400,000 GB")],
)
def test_bytes(count: float, text: str) -> None:
    assert bytes_text(count) == text


def test_shares() -> None:
    assert percent(0.97) == "97.0 %"
    assert ratio_text(Spread(0.21, 0.2, 0.223)) == "0.21 (0.20-0.22)"
    assert ratio_text(Spread(0.21, 0.21, 0.21)) == "0.21"
    assert ratio_text(None) == "-"
