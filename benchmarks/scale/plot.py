"""Growth as images: time, memory and bytes, each over the number of images."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.scale.growth import STORED_SHARE, milliseconds_per_image
from benchmarks.scale.results import SizeResult

_NAMED_SHARE = 0.02
"""Components below this share of the largest run's time are left out of the image."""


def draw_growth(results: Sequence[SizeResult], path: Path) -> None:
    """Draws three plots side by side, with a logarithmic axis of images."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (time, memory, stored) = pyplot.subplots(1, 3, figsize=(16, 5))
    _draw_time(time, results)
    _draw_memory(memory, results)
    _draw_bytes(stored, results)
    for axes in (time, memory, stored):
        axes.set_xscale("log")
        axes.set_xticks([one.images for one in results], [f"{one.images:,}" for one in results])
        axes.minorticks_off()
        axes.set_xlabel("images")
        axes.set_ylim(bottom=0)
        axes.legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def _draw_time(axes: Any, results: Sequence[SizeResult]) -> None:
    counts = [one.images for one in results]
    last = results[-1]
    named = [
        name
        for name, part in last.components.items()
        if part.seconds >= _NAMED_SHARE * last.seconds
    ]
    axes.plot(counts, [milliseconds_per_image(one, None) for one in results], "k.-", label="all")
    for name in named:
        values = [milliseconds_per_image(one, name) for one in results]
        axes.plot(counts, values, ".-", label=name)
    axes.set_title("time per image, ms")


def _draw_memory(axes: Any, results: Sequence[SizeResult]) -> None:
    for name in results[-1].processes:
        having = [one for one in results if name in one.processes]
        counts = [one.images for one in having]
        values = [one.processes[name].peak_anon_bytes / 1e9 for one in having]
        axes.plot(counts, values, ".-", label=name)
    axes.set_title("peak memory of each process, GB, without pages of files")


def _draw_bytes(axes: Any, results: Sequence[SizeResult]) -> None:
    counts = [one.images for one in results]
    axes.plot(counts, [one.stored_share for one in results], ".-", label="stored by ingest")
    shares = [one.left_bytes / one.source_bytes for one in results]
    axes.plot(counts, shares, ".-", label="left in the workspace")
    axes.axhline(STORED_SHARE, color="tab:red", linestyle=":", label="most that is promised")
    axes.set_title("bytes stored per byte of source")
