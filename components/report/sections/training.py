"""The training, stage by stage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.artifacts import TRAINING_FILE
from components.report.charts.chart import Chart
from components.report.charts.curves import draw_curves
from components.report.inputs.sources import Sources


@dataclass(frozen=True)
class Training:
    """The stages as the Trainer wrote them (any key may be missing), remarks, and charts.

    `calibration` has `temperature`, `images`, `error_before` and `error_after`, if it was fitted.
    """

    stages: Sequence[Mapping[str, Any]]
    notes: Sequence[str]
    calibration: Mapping[str, Any] | None
    charts: Sequence[Chart]


def read_training(sources: Sources) -> Training | None:
    """Reads them; None if the Trainer did not run."""
    training = sources.read_json("model_run", TRAINING_FILE)
    if training is None:
        return None
    stages = training.get("stages", [])
    notes, calibration = training.get("notes", []), training.get("calibration")
    return Training(stages, notes, calibration, draw_curves(stages))
