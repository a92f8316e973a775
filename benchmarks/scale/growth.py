"""Whether what an image costs stays the same, as tables and sentences."""

from collections.abc import Sequence

from benchmarks.medians import rise
from benchmarks.pipeline_run import START_UP
from benchmarks.scale.results import SizeResult
from benchmarks.tables import Table
from benchmarks.units import bytes_text, seconds_text

FLAT = 0.2
"""Largest accepted growth of time per image and of memory."""

STORED_SHARE = 1.15
"""Most bytes that may be stored per byte of source."""

_NEGLIGIBLE = 0.05
"""Components below this share of the largest run's time are not compared: noise."""


def build_tables(results: Sequence[SizeResult]) -> list[Table]:
    """Time per image by component, memory, and bytes; a column for each size."""
    columns = ["images", *(f"{one.images:,}" for one in results)]
    return [
        Table("Time per image, ms", columns, _time_rows(results)),
        Table("Peak memory without pages of files", columns, _memory_rows(results)),
        Table("Bytes per image", columns, _byte_rows(results)),
    ]


def verdict(results: Sequence[SizeResult], flat_from: int) -> list[str]:
    """Whether growth is as promised, a sentence each.

    Args:
        results: Smallest first.
        flat_from: Sizes below it are left out: fixed costs dominate there.
    """
    large = [one for one in results if one.images >= flat_from]
    if len(large) < 2:
        return [f"Growth needs two sizes of at least {flat_from:,} images."]
    span = f"from {large[0].images:,} to {large[-1].images:,} images"
    lines = [_sentence("time per image, whole run", _per_image(large, None), span)]
    for name, part in large[-1].components.items():
        if name != START_UP and part.seconds >= _NEGLIGIBLE * large[-1].seconds:
            lines.append(_sentence(f"time per image, {name}", _per_image(large, name), span))
    for name in large[-1].processes:
        values = [one.processes[name].peak_anon_bytes for one in large if name in one.processes]
        lines.append(_sentence(f"memory of {name}", values, span))
    share = max(one.stored_share for one in results)
    holds = "passed" if share <= STORED_SHARE else "FAILED"
    lines.append(f"Stored: {share:.3f} of the source; at most {STORED_SHARE}: {holds}.")
    return lines


def milliseconds_per_image(result: SizeResult, component: str | None) -> float:
    """Time per image of a component, or of the whole run, in milliseconds."""
    seconds = result.components[component].seconds if component else result.seconds
    return 1000 * seconds / result.images


def _sentence(what: str, values: Sequence[float], span: str) -> str:
    growth = rise(values)
    holds = "flat" if growth <= FLAT else "NOT FLAT"
    return f"{what[0].upper()}{what[1:]}: rises by at most {100 * growth:.0f} % {span}: {holds}."


def _per_image(results: Sequence[SizeResult], component: str | None) -> list[float]:
    return [milliseconds_per_image(one, component) for one in results]


def _time_rows(results: Sequence[SizeResult]) -> list[list[str]]:
    rows = [
        [name, *(f"{milliseconds_per_image(one, name):.2f}" for one in results)]
        for name in results[-1].components
    ]
    whole = ["whole run", *(f"{value:.2f}" for value in _per_image(results, None))]
    return [*rows, whole, ["whole run, in all", *(seconds_text(one.seconds) for one in results)]]


def _memory_rows(results: Sequence[SizeResult]) -> list[list[str]]:
    last = results[-1]
    rows = [
        [f"process {name}", *(_memory(one.processes[name].peak_anon_bytes) for one in results)]
        for name in last.processes
        if all(name in one.processes for one in results)
    ]
    rows += [
        [f"during {name}", *(_memory(one.components[name].peak_anon_bytes) for one in results)]
        for name in last.components
    ]
    rows += [
        [f"added by {name}", *(_memory(one.components[name].added_anon_bytes) for one in results)]
        for name in last.components
    ]
    whole = [
        "all processes, with files (PSS)",
        *(bytes_text(one.peak_pss_bytes) for one in results),
    ]
    return [*rows, whole]


def _memory(count: int) -> str:
    # A component that ends between two samples has no sample of its own.
    return bytes_text(count) if count else "-"


def _byte_rows(results: Sequence[SizeResult]) -> list[list[str]]:
    figures = {
        "source": [one.source_bytes for one in results],
        "stored by ingest": [one.stored_bytes for one in results],
        "left in the workspace": [one.left_bytes for one in results],
        "written in all": [one.written_bytes for one in results],
    }
    counts = [one.images for one in results]
    rows = [
        [name, *(f"{value / count:,.0f}" for value, count in zip(values, counts, strict=True))]
        for name, values in figures.items()
    ]
    return [*rows, ["stored / source", *(f"{one.stored_share:.3f}" for one in results)]]
