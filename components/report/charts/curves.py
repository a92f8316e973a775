"""Learning curves: accuracy and loss over the epochs of all stages."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from components.report.charts.chart import Chart, Theme, draw

METRICS = {"accuracy": "Accuracy", "loss": "Loss"}
"""The metrics that are drawn, and their titles."""


def draw_curves(stages: Sequence[Mapping[str, Any]]) -> list[Chart]:
    """Draws both metrics, with a line between stages.

    Args:
        stages: `name`, `best_epoch` and `history`, lists with one value per epoch, of each stage.

    Returns:
        A chart for each metric that has a history.
    """
    return [
        draw(
            f"learning_curve_{metric}.png",
            _describe(metric, stages),
            partial(plot_metric, metric, stages),
        )
        for metric in METRICS
        if any(_history(stage, f"val_{metric}") for stage in stages)
    ]


def _history(stage: Mapping[str, Any], metric: str) -> list[float]:
    return stage.get("history", {}).get(metric) or []


def _describe(metric: str, stages: Sequence[Mapping[str, Any]]) -> str:
    ends = [
        f"{stage['name']} {values[0]:.4f} to {values[-1]:.4f}"
        for stage in stages
        if (values := _history(stage, f"val_{metric}"))
    ]
    return f"{METRICS[metric]} by epoch. Validation, first to last epoch: {', '.join(ends)}."


def plot_metric(metric: str, stages: Sequence[Mapping[str, Any]], axes: Any, theme: Theme) -> None:
    """Draws one metric of both splits; a circle marks the kept epoch of a stage."""
    start = 0
    for stage in stages:
        validation = _history(stage, f"val_{metric}")
        epochs = range(start + 1, start + len(validation) + 1)
        # Dots, as a line would not show a stage of one epoch.
        axes.plot(epochs, _history(stage, metric)[: len(epochs)], ".-", color=theme.first,
                  lw=1.6, label="training")  # fmt: skip
        axes.plot(epochs, validation, ".-", color=theme.second, lw=1.6, label="validation")
        if 0 < (best := stage.get("best_epoch") or 0) <= len(validation):
            axes.plot(start + best, validation[best - 1], "o", mfc="none", mec=theme.second,
                      mew=1.6, ms=10, label="kept")  # fmt: skip
        if start:
            axes.axvline(start + 0.5, color=theme.muted, lw=1, ls="--")
        axes.text(start + 0.65, 1.02, stage["name"], transform=axes.get_xaxis_transform(),
                  color=theme.muted, fontsize=10.5, parse_math=False)  # fmt: skip
        start += len(validation)
    axes.set_xlim(0.5, max(start, 1) + 0.5)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("epoch")
    axes.set_ylabel(METRICS[metric])
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    axes.legend(once.values(), once.keys(), loc="best", labelcolor=theme.ink, frameon=False)
