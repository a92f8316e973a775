"""Test images that a model was trained on are left out: they say nothing about it.

Within a run no image is in two splits. But a warm start takes a model, and the baseline is one,
whose splits may have been others: a nightly export with a random split, changed fractions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from components.evaluator.gate.training_images import ImageIds, image_id
from components.evaluator.predictions import Prediction
from components.evaluator.settings import GateSettings
from components.format import count


@dataclass(frozen=True)
class Unseen:
    """The test images that measure the models.

    Attributes:
        predictions: Of the images that the candidate, and what it started from, was not trained
            on; only those that the baseline was not trained on either are compared.
        total: Number of all test images.
        compared: Number of images that neither was trained on.
        is_recorded: Whether the baseline's images are known; those of older releases are not.
    """

    predictions: list[Prediction]
    total: int
    compared: int
    is_recorded: bool = True

    def notes(self) -> list[str]:
        """How many images are left out, and why."""
        notes, left_out = [], self.total - len(self.predictions)
        if left_out:
            notes.append(
                f"{left_out:,} of {count(self.total, 'test image')} are left out: this model, or "
                "the one that its warm start took, was trained on them"
            )
        if self.compared < len(self.predictions):
            notes.append(
                f"the baseline was trained on {len(self.predictions) - self.compared:,} of "
                f"{count(len(self.predictions), 'test image')}: both are compared on the other "
                f"{self.compared:,}"
            )
        if not self.is_recorded:
            notes.append(
                "which images the baseline was trained on is not recorded: it may have seen some "
                "of the test images"
            )
        return notes

    def refusal_reasons(self, gate: GateSettings) -> list[str]:
        """Why the images that are left cannot judge the model; empty if they can."""
        left = min(len(self.predictions), self.compared)
        if left == self.total or left >= gate.min_unseen_images:
            return []
        return [
            f"only {left:,} of {count(self.total, 'test image')} were in no training of this model "
            f"and its baseline; gate.min_unseen_images is {gate.min_unseen_images:,}: keep the "
            "splits as they were, or train without trainer.warm_start"
        ]


def leave_out_seen(
    predictions: Sequence[Prediction], candidate: ImageIds | None, baseline: ImageIds | None
) -> Unseen:
    """Leaves out what the models were trained on.

    Args:
        predictions: Of all test images.
        candidate: The images that the candidate was trained on, and what it started from; None if
            that is not recorded.
        baseline: The same of the baseline; empty where there is none.
    """
    by_candidate, by_baseline = _seen(predictions, candidate), _seen(predictions, baseline)
    left = [
        replace(prediction, compared=None) if is_baselines else prediction
        for prediction, is_candidates, is_baselines in zip(
            predictions, by_candidate, by_baseline, strict=True
        )
        if not is_candidates
    ]
    compared = int((~by_candidate & ~by_baseline).sum())
    return Unseen(left, len(predictions), compared, is_recorded=baseline is not None)


def _seen(predictions: Sequence[Prediction], ids: ImageIds | None) -> np.ndarray:
    """`[images] bool`: whether each image is among `ids`."""
    if ids is None:
        return np.zeros(len(predictions), bool)
    known = set(ids.tolist())
    return np.asarray([p.sha256 is not None and image_id(p.sha256) in known for p in predictions])
