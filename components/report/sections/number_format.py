"""Numbers as the page shows them: the same number of digits everywhere, so that columns line up."""

from collections.abc import Sequence


def accuracy(value: float | None) -> str:
    """A share of images, or a score: `0.9647`."""
    return "–" if value is None else f"{value:.4f}"


def signed(value: float | None) -> str:
    """A change of such a share: `+0.0032`, `−0.0100`."""
    return "–" if value is None else f"{value:+.4f}".replace("-", "−")


def interval(ends: Sequence[float] | None) -> str:
    """Confidence interval of a share: `0.9379 to 0.9803`."""
    return "–" if ends is None else f"{ends[0]:.4f} to {ends[1]:.4f}"


def half_width(ends: Sequence[float]) -> str:
    """Half of the width of a confidence interval: `± 0.0211`."""
    return f"± {(ends[1] - ends[0]) / 2:.4f}"


def change_interval(ends: Sequence[float] | None) -> str:
    """Confidence interval of a change: `−0.0100 to +0.0200`."""
    return "–" if ends is None else f"{signed(ends[0])} to {signed(ends[1])}"


def number(value: float | None) -> str:
    """A count: `2,002`."""
    return "–" if value is None else f"{round(value):,}"


def percent(value: float) -> str:
    """A share in percent: `12.3 %`."""
    return f"{100 * value:.1f} %"


def duration(seconds: float) -> str:
    """Seconds as people say them: `0.04 s`, `3.2 s`, `41 s`, `2 min 05 s`, `1 h 03 min`."""
    if seconds < 0.995:
        return f"{seconds:.2f} s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def size(value: float) -> str:
    """Bytes: `9.4 MB`."""
    for unit in ("bytes", "kB", "MB"):
        if abs(value) < 1000:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
