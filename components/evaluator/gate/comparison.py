"""The candidate compared with an earlier blessed model, the baseline, on the same images.

`components.evaluator.gate.change_verdict` has the rule by which a loss is refused. One that is not
shown is still a loss, and could recur night after night. So a blessed model becomes the next one's
baseline only if it is shown to be better, the whole interval of its change above `max_drop`: until
then all are compared with the same one, and losses do not add up. In a simulation of 60 nights that
each lose 0.003 of accuracy, on 2,000 test images, the released model has lost in the end 0.02;
compared with the night before, all 0.18. `test_comparison_over_many_nights.py` simulates this.

Each model predicts among the classes that both know, on the images of these classes: the candidate
gains nothing by a class that the baseline never learnt, and loses nothing by one that is hard to
distinguish from a new class; the new class counts in the absolute bounds. A candidate whose classes
differ from its baseline's becomes the next baseline, so that its classes are compared too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from components.evaluator.intervals import Interval, paired_interval
from components.evaluator.predictions import Prediction

# Sums of fractions are not exact: a change that equals its bound is within it.
TOLERANCE = 1e-9
_SHOWN_CLASSES = 5


@dataclass(frozen=True)
class Comparison:
    """Two models on the test images of the classes that both know, predicting among those.

    `examples` is their number, `interval` the confidence interval of the change. Accuracies are 0
    to 1.
    """

    both: int
    gained: int
    lost: int
    neither: int

    @property
    def examples(self) -> int:
        """Number of images."""
        return self.both + self.gained + self.lost + self.neither

    @property
    def accuracy(self) -> float:
        """The candidate's, 0 to 1."""
        return (self.both + self.gained) / self.examples

    @property
    def baseline_accuracy(self) -> float:
        """The baseline's, 0 to 1."""
        return (self.both + self.lost) / self.examples

    @property
    def change(self) -> float:
        """What the candidate gained (above 0) or lost."""
        return self.accuracy - self.baseline_accuracy

    def interval(self, confidence: float) -> Interval:
        """Ends of the change's confidence interval; `confidence` is two-sided, 0 to 1."""
        return paired_interval(self.both, self.gained, self.lost, self.neither, confidence)

    def is_loss(self, max_drop: float, confidence: float) -> bool:
        """Whether the candidate is worse by more than `max_drop`; `confidence` is one-sided."""
        return self.interval(2 * confidence - 1)[1] < -max_drop - TOLERANCE

    def is_gain(self, max_drop: float, confidence: float) -> bool:
        """Whether it is better by more than `max_drop`: the whole interval is above it."""
        return self.interval(confidence)[0] > max_drop + TOLERANCE


def compare(predictions: Sequence[Prediction]) -> Comparison | None:
    """Compares both models, image by image.

    Only the images that one model gets right and the other wrong distinguish them; paired, the
    noise of the others cancels out.

    Returns:
        The comparison; None if there is no image to compare on.
    """
    pairs = [
        (p.score is not None and p.compared.predicted == p.label,
         p.compared.baseline_predicted == p.label)
        for p in predictions
        if p.compared is not None
    ]  # fmt: skip
    if not pairs:
        return None
    return Comparison(
        both=pairs.count((True, True)),
        gained=pairs.count((True, False)),
        lost=pairs.count((False, True)),
        neither=pairs.count((False, False)),
    )


def describe_class_difference(
    candidate: Sequence[str], baseline: Sequence[str], compared: int
) -> str | None:
    """How the baseline's classes differ from the candidate's; None if both know the same."""
    added = [name for name in candidate if name not in baseline]
    removed = [name for name in baseline if name not in candidate]
    if not added and not removed:
        return None
    differences = []
    if added:
        differences.append(f"does not know {_list(added)}")
    if removed:
        differences.append(f"knows {_list(removed)}, which this model does not")
    if not compared:
        how = "no test image is of a class that both know; decided without a comparison"
    else:
        how = (
            f"both were compared on the {compared:,} test images of the classes that both know, "
            "each predicting among those"
        )
    return f"the baseline {' and '.join(differences)}: {how}"


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN_CLASSES])
    return shown + (
        f" and {len(names) - _SHOWN_CLASSES:,} more" if len(names) > _SHOWN_CLASSES else ""
    )
