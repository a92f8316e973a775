"""How numbers are written: one format for each kind, in the terminal, on pages and in messages."""

from collections.abc import Sequence

_DIGITS = 3
_MOST_DIGITS = 6


def count(number: int, noun: str) -> str:
    """A number and its noun: `1 image`, `2,002 images`; `class` becomes `classes`."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def number(value: float | None) -> str:
    """A number of things: `2,002`."""
    return "–" if value is None else f"{round(value):,}"


def share(value: float | None, apart_from: float | None = None) -> str:
    """An accuracy, a score or another share of one: `0.983`.

    Args:
        value: 0 to 1; None is shown as a dash.
        apart_from: A bound that the text must not seem to meet: as many more digits are shown as
            it takes, `0.9497` beside 0.95.
    """
    if value is None:
        return "–"
    digits = _DIGITS
    while (
        apart_from is not None
        and value != apart_from
        and digits < _MOST_DIGITS
        and f"{value:.{digits}f}" == f"{apart_from:.{digits}f}"
    ):
        digits += 1
    return f"{value:.{digits}f}"


def change(value: float | None) -> str:
    """A gain or loss of such a share: `+0.003`, `-0.010`."""
    return "–" if value is None else f"{value:+.{_DIGITS}f}"


def interval(ends: Sequence[float] | None) -> str:
    """A confidence interval of a share: `0.938 to 0.980`."""
    return "–" if ends is None else f"{share(ends[0])} to {share(ends[1])}"


def change_interval(ends: Sequence[float] | None) -> str:
    """A confidence interval of a change: `-0.010 to +0.020`."""
    return "–" if ends is None else f"{change(ends[0])} to {change(ends[1])}"


def percent(value: float) -> str:
    """A share in percent: `12.3 %`."""
    return f"{100 * value:.1f} %"


def duration(seconds: float) -> str:
    """A time: `3.2s`, `41s`, `2m05s`, `1h03m`."""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02}m"


def size(value: float) -> str:
    """A number of bytes: `9.4 MB`."""
    for unit in ("bytes", "kB", "MB"):
        if abs(value) < 1000:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
