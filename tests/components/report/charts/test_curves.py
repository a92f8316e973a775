"""What a learning curve shows."""

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from components.report.charts.chart import LIGHT
from components.report.charts.curves import METRICS, plot_metric


def stage(name: str, epochs: int, best_epoch: int) -> dict[str, Any]:
    history = {f"{part}{metric}": [0.5] * epochs for part in ("", "val_") for metric in METRICS}
    return {"name": name, "best_epoch": best_epoch, "history": history}


@pytest.mark.parametrize(("best", "circles"), [((2, 0), [2]), ((0, 1), [4]), ((3, 1), [3, 4])])
def test_every_stage_is_marked_and_named_once(best: tuple[int, int], circles: list[int]) -> None:
    axes = Figure().subplots()
    stages = [stage("head", 3, best[0]), stage("$fine-tune$", 1, best[1])]
    plot_metric("accuracy", stages, axes, LIGHT)
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.texts] == ["training", "validation", "kept"]
    assert [text.get_text() for text in axes.texts] == ["head", "$fine-tune$"]
    kept = [line for line in axes.lines if line.get_label() == "kept"]
    assert [x for line in kept for x in np.ravel(line.get_xdata())] == circles
    [border] = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert np.ravel(border.get_xdata()).tolist() == [3.5, 3.5]
