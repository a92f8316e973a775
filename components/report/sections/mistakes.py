"""Test images to look at: the most confident mistakes, and the least confident correct ones."""

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from components.artifacts import DECISION_FILE, PREDICTIONS_FILE
from components.report.charts.thumbnails import read_thumbnails
from components.report.inputs.sources import Sources

MOST_IMAGES = 12


@dataclass(frozen=True)
class ShownImage:
    """A test image and the model's prediction.

    Attributes:
        name: Its name, as in `image/filename`.
        label: Its class.
        predicted: The predicted class.
        score: Score of the predicted class, 0 to 1; None if the scores are not finite.
        label_score: Score of its own class, 0 to 1; None if unknown.
        image: A JPEG thumbnail as a data URI; None if the image was not found.
    """

    name: str
    label: str
    predicted: str
    score: float | None
    label_score: float | None
    image: str | None = None

    @property
    def is_correct(self) -> bool:
        """Whether the prediction is correct, with finite scores."""
        return self.label == self.predicted and self.score is not None

    @property
    def alt(self) -> str:
        """Alternative text of the thumbnail."""
        mistake = "" if self.label == self.predicted else f", predicted as {self.predicted}"
        return f"Test image {self.name}: {self.label}{mistake}"


@dataclass(frozen=True)
class Mistakes:
    """The images shown.

    Attributes:
        mistakes: Wrong predictions, the most confident first.
        number_of_mistakes: Number of all mistakes; None if unknown.
        correct: Correct predictions, the least confident first.
        number_of_correct: Number of all correct predictions; None if unknown.
    """

    mistakes: Sequence[ShownImage]
    number_of_mistakes: int | None
    correct: Sequence[ShownImage]
    number_of_correct: int | None


def read_mistakes(sources: Sources) -> Mistakes | None:
    """Chooses them and reads their thumbnails; None if nothing was predicted."""
    path = sources.path("evaluation", PREDICTIONS_FILE)
    if path is not None:
        chosen = choose(_read_lines(path))
    else:
        worst = (sources.read_json("evaluation", DECISION_FILE) or {}).get("worst") or []
        if not worst:
            return None
        mistakes = [shown for shown in map(_shown, worst) if not shown.is_correct]
        chosen = Mistakes(mistakes, None, [], None)
    names = {shown.name for shown in [*chosen.mistakes, *chosen.correct]} - {""}
    images = read_thumbnails(sources.folders["examples"], names)
    return replace(
        chosen,
        mistakes=[replace(shown, image=images.get(shown.name)) for shown in chosen.mistakes],
        correct=[replace(shown, image=images.get(shown.name)) for shown in chosen.correct],
    )


def choose(predictions: Iterable[Mapping[str, Any]]) -> Mistakes:
    """Chooses the images; keeps only these in memory, as there may be millions.

    Args:
        predictions: `name`, `label`, `predicted`, `score` and `label_score` of each.
    """
    mistakes: list[tuple[float, int, ShownImage]] = []
    correct: list[tuple[float, int, ShownImage]] = []
    totals = {"mistakes": 0, "correct": 0}
    for number, line in enumerate(predictions):
        shown = _shown(line)
        totals["correct" if shown.is_correct else "mistakes"] += 1
        # A mistake without a score comes before all others.
        score = 2.0 if shown.score is None else shown.score
        # Of equal scores, the first image comes first.
        entry = (-score if shown.is_correct else score, -number, shown)
        _keep(correct if shown.is_correct else mistakes, entry)
    return Mistakes(
        [shown for *_, shown in sorted(mistakes, reverse=True)],
        totals["mistakes"],
        [shown for *_, shown in sorted(correct, reverse=True)],
        totals["correct"],
    )


def _keep(heap: list[tuple[float, int, ShownImage]], entry: tuple[float, int, ShownImage]) -> None:
    if len(heap) < MOST_IMAGES:
        heapq.heappush(heap, entry)
    else:
        heapq.heappushpop(heap, entry)


def _shown(line: Mapping[str, Any]) -> ShownImage:
    return ShownImage(
        line["name"], line["label"], line["predicted"], line["score"], line.get("label_score")
    )


def _read_lines(path: str) -> Iterator[dict[str, Any]]:
    import tensorflow as tf

    with tf.io.gfile.GFile(path) as file:
        for line in file:
            yield json.loads(line)
