"""Numbers as a person reads them."""

from benchmarks.medians import Spread

_BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def seconds_text(seconds: float) -> str:
    """`7.2 s`, `1 min 25 s`, `2 h 05 min`."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60:,} h {minutes % 60:02} min"


def bytes_text(count: float) -> str:
    """`48 MB`, `1.3 GB`: decimal units, two digits at least."""
    for size, unit in _BYTES:
        if count >= size:
            value = count / size
            return f"{value:.1f} {unit}" if value < 10 else f"{value:,.0f} {unit}"
    return f"{count:.0f} B"


def percent(share: float) -> str:
    """`97.0 %`."""
    return f"{100 * share:.1f} %"


def ratio_text(spread: Spread | None) -> str:
    """`0.21 (0.20-0.22)`; a dash where there is none."""
    if spread is None:
        return "-"
    if spread.low == spread.high:
        return f"{spread.median:.2f}"
    return f"{spread.median:.2f} ({spread.low:.2f}-{spread.high:.2f})"
