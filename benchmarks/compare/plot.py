"""The comparison as a picture: time by parts, and accuracy with its interval."""

from pathlib import Path

from benchmarks.compare.results import Results, accuracy_interval
from benchmarks.compare.systems import SYSTEMS

_SMALL = 0.03
"""Share of the longest run below which a part has no name in the picture."""


def draw_comparison(results: Results, path: Path) -> None:
    """Draws a bar per system, cut into its parts; dots are the rounds."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    systems = [system for system in reversed(SYSTEMS) if results.of(system)]
    figure, (time, accuracy) = pyplot.subplots(
        1, 2, figsize=(12, 1.5 + len(systems)), width_ratios=[3, 1], sharey=True
    )
    longest = max(sum(results.components(system).values()) for system in systems)
    for row, system in enumerate(systems):
        left = 0.0
        for index, (name, seconds) in enumerate(results.components(system).items()):
            time.barh(row, seconds, left=left, color=f"C{index % 10}")
            if seconds > _SMALL * longest:
                time.text(left + seconds / 2, row, name, ha="center", va="center", rotation=30)
            left += seconds
        rounds = results.values(system, lambda run: run.seconds)
        time.plot(rounds, [row + 0.45] * len(rounds), "k.", label="rounds" if not row else None)
        for offset, run in enumerate(results.of(system)):
            low, high = accuracy_interval(run)
            y = row + 0.12 * (offset - (len(rounds) - 1) / 2)
            accuracy.plot([low, high], [y, y], color="tab:gray")
            accuracy.plot(run.accuracy, y, "k.")
    time.set_yticks(range(len(systems)), systems)
    time.set_xlabel("seconds, median of the rounds by parts; dots are whole runs")
    accuracy.set_xlabel("test accuracy, each round, 95 %")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
