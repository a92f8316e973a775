"""The comparison as an image: times of whole runs and of their parts, accuracies."""

from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.compare.results import Results, accuracy_interval
from benchmarks.compare.systems import SYSTEMS


def draw_comparison(results: Results, path: Path) -> None:
    """Draws whole runs and accuracies above, and below each system's parts; dots are the rounds."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    systems = [system for system in SYSTEMS if results.of(system)]
    figure = pyplot.figure(figsize=(12, 7), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[2, 3])
    runs, accuracy = above.subplots(1, 2, sharey=True)
    for row, system in enumerate(systems):
        rounds = results.values(system, lambda run: run.seconds)
        runs.barh(row, median(rounds), color=f"C{row}")
        runs.plot(rounds, [row] * len(rounds), "k.")
        for offset, run in enumerate(results.of(system)):
            low, high = accuracy_interval(run)
            y = row + 0.12 * (offset - (len(rounds) - 1) / 2)
            accuracy.plot([low, high], [y, y], color=f"C{row}")
            accuracy.plot(run.accuracy, y, "k.")
    runs.set_yticks(range(len(systems)), systems)
    runs.invert_yaxis()
    runs.set_xlabel("seconds of a whole run: median, dots are rounds")
    accuracy.set_xlabel("test accuracy of each round, 95 % interval")
    panels = below.subplots(1, len(systems), squeeze=False, sharex=True)[0]
    for number, (panel, system) in enumerate(zip(panels, systems, strict=True)):
        _draw_parts(panel, results.components(system), f"C{number}")
        panel.set_title(system)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def _draw_parts(panel: Any, parts: dict[str, float], color: str) -> None:
    bars = panel.barh(list(parts), list(parts.values()), color=color)
    panel.bar_label(bars, fmt="%.1f", padding=3)
    panel.margins(x=0.25)
    panel.invert_yaxis()
    panel.set_xlabel("seconds, median")
