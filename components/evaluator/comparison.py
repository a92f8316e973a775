"""The candidate compared with an earlier blessed model, the baseline, on the same images.

The rule: a candidate is refused if the whole confidence interval of its change lies below
`-max_drop`, so if it lost more than is accepted and more than noise explains. With max_drop 0.01,
refusing by the measured loss alone would turn away a third of all equally good models on 50 test
images and a tenth on 300; blessing only what is proven not to be worse would turn away nearly all
on 50 and 9 of 10 on 300.

A loss within `max_drop` and noise is still a loss, and could recur night after night. So a blessed
model becomes the next one's baseline only by the mirror of that rule, if the whole interval lies
above `max_drop`: until then all are compared with the same one, and losses do not add up. In a
simulation of 60 nights that each lose 0.003 of accuracy, on 2,000 test images, the model in service
at the end has lost 0.02; compared with the night before, all 0.18. Of steady nights, about one
in a hundred is refused. `test_comparison_over_many_nights.py` simulates this.

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

    Attributes:
        examples: Number of these images.
        accuracy: The candidate's on them, 0 to 1.
        baseline_accuracy: The baseline's on them, 0 to 1.
        interval: Ends of the confidence interval of the change.
    """

    examples: int
    accuracy: float
    baseline_accuracy: float
    interval: Interval

    @property
    def change(self) -> float:
        """What the candidate gained (above 0) or lost."""
        return self.accuracy - self.baseline_accuracy

    def is_loss(self, max_drop: float) -> bool:
        """Whether the candidate is worse by more than `max_drop`, beyond noise."""
        return self.interval[1] < -max_drop - TOLERANCE

    def is_gain(self, max_drop: float) -> bool:
        """Whether the candidate is better by more than `max_drop`, beyond noise."""
        return self.interval[0] > max_drop + TOLERANCE


def compare(predictions: Sequence[Prediction], confidence: float) -> Comparison | None:
    """Compares both models, image by image.

    Only the images that one model gets right and the other wrong distinguish them; paired, the
    noise of the others cancels out.

    Args:
        predictions: Of the test images.
        confidence: Confidence level of the change's interval, 0 to 1.

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
    both, gained = pairs.count((True, True)), pairs.count((True, False))
    lost, neither = pairs.count((False, True)), pairs.count((False, False))
    return Comparison(
        examples=len(pairs),
        accuracy=(both + gained) / len(pairs),
        baseline_accuracy=(both + lost) / len(pairs),
        interval=paired_interval(both, gained, lost, neither, confidence),
    )


def describe_class_difference(
    candidate: Sequence[str], baseline: Sequence[str], compared: int
) -> str | None:
    """How the baseline's classes differ from the candidate's.

    Args:
        candidate: The candidate's classes.
        baseline: The baseline's.
        compared: Number of images they were compared on.

    Returns:
        A sentence; None if both know the same classes.
    """
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
