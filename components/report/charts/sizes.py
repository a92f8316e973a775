"""Histograms of the widths and heights of the training images."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from components.feature_keys import HEIGHT, WIDTH
from components.report.charts.chart import Chart, Theme, draw
from components.report.inputs.statistics import Distribution, SplitStatistics

_HEIGHT_PX = 220


def draw_sizes(statistics: Mapping[str, SplitStatistics]) -> list[Chart]:
    """Draws histograms of width and height in the train split; none if all images are alike."""
    sizes = statistics["train"].sizes if "train" in statistics else {}
    return [
        draw(
            f"{name.lower()}s.png",
            f"{name} of the training images: from {size.smallest:.0f} to {size.largest:.0f} "
            f"pixels, half of them up to {size.median:.0f}.",
            partial(_plot, name, size),
            height=_HEIGHT_PX,
        )
        for name, feature in (("Width", WIDTH), ("Height", HEIGHT))
        if (size := sizes.get(feature)) and size.smallest < size.largest
    ]


def _plot(name: str, size: Distribution, axes: Any, theme: Theme) -> None:
    axes.stairs(size.counts, size.edges, fill=True, color=theme.first, alpha=0.85)
    axes.axvline(size.median, color=theme.second, lw=1.4, ls="--", label="median")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel(f"{name.lower()} in pixels")
    axes.set_ylabel("images")
    axes.legend(loc="best", labelcolor=theme.ink)
