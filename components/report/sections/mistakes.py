"""Test images that are worth a look: the surest mistakes, and the least sure hits."""

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
class Shown:
    """A test image and what the model made of it.

    Attributes:
        name: Its name, as in `image/filename`.
        label: Its class.
        predicted: The class that the model gave it.
        score: Score of the predicted class, 0 to 1; None where the scores were no finite numbers.
        label_score: Score of its own class, 0 to 1; None if unknown.
        image: A JPEG thumbnail as a data URI; None where the image was not found.
    """

    name: str
    label: str
    predicted: str
    score: float | None
    label_score: float | None
    image: str | None = None

    @property
    def is_hit(self) -> bool:
        """Whether the model found the class, with scores that are numbers."""
        return self.label == self.predicted and self.score is not None

    @property
    def alt(self) -> str:
        """What a reader who cannot see the thumbnail is told."""
        taken = "" if self.label == self.predicted else f", taken for {self.predicted}"
        return f"Test image {self.name}: {self.label}{taken}"


@dataclass(frozen=True)
class Mistakes:
    """The images shown.

    Attributes:
        mistakes: Wrong ones, the surest first.
        number_of_mistakes: How many there are; None if unknown.
        hits: Right ones, the least sure first.
        number_of_hits: How many there are; None if unknown.
    """

    mistakes: Sequence[Shown]
    number_of_mistakes: int | None
    hits: Sequence[Shown]
    number_of_hits: int | None


def read_mistakes(sources: Sources) -> Mistakes | None:
    """Chooses them and reads their thumbnails; None where nothing was predicted."""
    path = sources.path("evaluation", PREDICTIONS_FILE)
    if path is not None:
        chosen = choose(_read_lines(path))
    else:
        worst = (sources.read_json("evaluation", DECISION_FILE) or {}).get("worst") or []
        if not worst:
            return None
        mistakes = [shown for shown in map(_shown, worst) if not shown.is_hit]
        chosen = Mistakes(mistakes, None, [], None)
    names = {shown.name for shown in [*chosen.mistakes, *chosen.hits]} - {""}
    images = read_thumbnails(sources.folders["examples"], names)
    return replace(
        chosen,
        mistakes=[replace(shown, image=images.get(shown.name)) for shown in chosen.mistakes],
        hits=[replace(shown, image=images.get(shown.name)) for shown in chosen.hits],
    )


def choose(predictions: Iterable[Mapping[str, Any]]) -> Mistakes:
    """Chooses the images, with a memory for those alone: there may be millions.

    Args:
        predictions: `name`, `label`, `predicted`, `score` and `label_score` of each.
    """
    mistakes: list[tuple[float, int, Shown]] = []
    hits: list[tuple[float, int, Shown]] = []
    totals = {"mistakes": 0, "hits": 0}
    for number, line in enumerate(predictions):
        shown = _shown(line)
        totals["hits" if shown.is_hit else "mistakes"] += 1
        # A mistake without a score comes before all others.
        score = 2.0 if shown.score is None else shown.score
        # The number decides between equal scores, the first image first.
        entry = (-score if shown.is_hit else score, -number, shown)
        _keep(hits if shown.is_hit else mistakes, entry)
    return Mistakes(
        [shown for *_, shown in sorted(mistakes, reverse=True)],
        totals["mistakes"],
        [shown for *_, shown in sorted(hits, reverse=True)],
        totals["hits"],
    )


def _keep(heap: list[tuple[float, int, Shown]], entry: tuple[float, int, Shown]) -> None:
    if len(heap) < MOST_IMAGES:
        heapq.heappush(heap, entry)
    else:
        heapq.heappushpop(heap, entry)


def _shown(line: Mapping[str, Any]) -> Shown:
    return Shown(
        line["name"], line["label"], line["predicted"], line["score"], line.get("label_score")
    )


def _read_lines(path: str) -> Iterator[dict[str, Any]]:
    import tensorflow as tf

    with tf.io.gfile.GFile(path) as file:
        for line in file:
            yield json.loads(line)
