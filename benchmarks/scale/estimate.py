"""What very many images need, on paper: straight lines through what was measured."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.pipeline_run import START_UP
from benchmarks.scale.results import SizeResult
from benchmarks.tables import Table
from benchmarks.units import bytes_text, seconds_text

BEAM_COMPONENTS = ("ImageExampleGen", "StatisticsGen", "Transform", "Evaluator")
"""What Beam spreads over workers; the rest runs in one process."""

MACHINE_BYTES = 64_000_000_000
"""Memory of one machine, beyond which a component breaks."""

_NOISE_BYTES = 20_000_000
"""Memory grows by less by chance, between two runs over the same images."""

_REMEDIES = {
    "ImageExampleGen": "what is known of each image comes together in one process, which looks "
    "for copies and conflicts: group by hash inside Beam instead",
    "StatisticsGen": "more Beam workers",
    "Trainer": "the labels of all images, and their features in one file on one machine: a part "
    "of the shards for each worker, read as a stream; features as TFRecords",
    "Evaluator": "what the models said of each test image comes together in one process: a test "
    "split of 100,000 is measured to 0.2 points, more need not be read",
    "ServingCheck": "looks for its images among all test images: read the first shard only",
    "Report": "reads all predictions: see Evaluator",
}


@dataclass(frozen=True)
class Line:
    """A straight line.

    Attributes:
        fixed: Its value at no images, at least 0.
        slope: What each image adds, at least 0.
    """

    fixed: float
    slope: float

    def at(self, images: int) -> float:
        """Its value at a number of images."""
        return self.fixed + self.slope * images


def fit_line(points: Sequence[tuple[int, float]]) -> Line:
    """The line through the two largest sizes; through the origin where there is one only.

    Two, not all: fixed costs and caches that fill up bend the line at its lower end.
    """
    ordered = sorted(points)
    if len(ordered) < 2:
        [(count, value)] = ordered
        return Line(0.0, value / count)
    (low, first), (high, second) = ordered[-2:]
    slope = max(0.0, (second - first) / (high - low))
    return Line(max(0.0, first - slope * low), slope)


@dataclass(frozen=True)
class Wish:
    """What is asked for.

    Attributes:
        images: How many.
        hours: In how many hours Beam's part shall be done.
        gpu_rate: Images per second that one GPU trains in an epoch, measured there; None if not.
    """

    images: int = 100_000_000
    hours: float = 4.0
    gpu_rate: float | None = None


def build_table(results: Sequence[SizeResult], wish: Wish) -> Table:
    """The needs.

    Args:
        results: Smallest first, at least one.
        wish: For what.
    """
    last = results[-1]
    count = wish.images
    cores = _cores(last)
    stored = count * last.stored_bytes / last.images
    beam = sum(_seconds(results, name).at(count) for name in BEAM_COMPONENTS) * cores
    trainer = _seconds(results, "Trainer").at(count) * cores
    written = [(one.images, float(one.written_bytes)) for one in results]
    shards = math.ceil(stored / last.shard_bytes)
    rows = [
        ["source images", bytes_text(count * last.source_bytes / last.images)],
        ["stored examples", bytes_text(stored)],
        ["written in all", bytes_text(fit_line(written).at(count))],
        [f"shards of {bytes_text(last.shard_bytes)}", f"{shards:,}"],
        [f"core hours of {', '.join(BEAM_COMPONENTS)} (at most)", f"{beam / 3600:,.0f}"],
        [f"Beam workers of one core, for {wish.hours:g} h", f"{_workers(beam, wish.hours):,}"],
        ["core hours of training on CPUs (at most)", f"{trainer / 3600:,.0f}"],
        ["GPU hours, each epoch through the backbone", _gpu_hours(wish)],
        ["the same on this one machine", seconds_text(_seconds(results, None).at(count))],
    ]
    title = f"What {count:,} images need, from {last.images:,} images measured"
    return Table(title, ["", "on paper"], rows)


def breaking_points(results: Sequence[SizeResult], wish: Wish) -> list[str]:
    """Where memory runs out, the component that breaks first in the first sentence.

    Args:
        results: Smallest first; two at least, or nothing is told.
        wish: For how many images.
    """
    found = []
    for name in results[-1].components if len(results) > 1 else ():
        points = [(one.images, float(one.components[name].added_anon_bytes)) for one in results]
        line = fit_line(points)
        if name != START_UP and points[-1][1] - points[-2][1] > _NOISE_BYTES:
            found.append(((MACHINE_BYTES - line.fixed) / line.slope, name, line))
    return [
        f"{name} takes {line.slope:,.0f} B an image in one process, {bytes_text(line.at(count))} "
        f"for {count:,}; {bytes_text(MACHINE_BYTES)} are full at {limit:,.0f} images."
        + (f" Then: {_REMEDIES[name]}." if name in _REMEDIES else "")
        for count in [wish.images]
        for limit, name, line in sorted(found, key=lambda one: one[0])
    ] or ["No component's memory grew with the number of images: none breaks for lack of it."]


def _seconds(results: Sequence[SizeResult], component: str | None) -> Line:
    return fit_line(
        [
            (one.images, one.components[component].seconds if component else one.seconds)
            for one in results
        ]
    )


def _workers(core_seconds: float, hours: float) -> int:
    return math.ceil(core_seconds / 3600 / hours)


def _gpu_hours(wish: Wish) -> str:
    if wish.gpu_rate is None:
        return f"{wish.images:.1e} images / (images/s of a GPU) / 3600"
    return f"{wish.images / wish.gpu_rate / 3600:,.1f}"


def _cores(result: SizeResult) -> int:
    cores = result.machine["cores"]
    assert isinstance(cores, int)
    return cores
