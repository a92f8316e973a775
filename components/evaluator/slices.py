"""Accuracy by class, by format, by size and by any other feature of the examples."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import isqrt
from typing import Any

from components.errors import UserError
from components.evaluator.intervals import wilson_interval
from components.evaluator.predictions import Prediction

CLASS, FORMAT, SIZE = "class", "format", "size"
BUILT_IN = (CLASS, FORMAT, SIZE)
NO_VALUE = "(none)"
OTHER_VALUES = "(others)"
MAX_VALUES = 1000
"""Values of a feature that get a slice of their own; a file name or a hash has one per image."""

# Edges of the size buckets: the side of a square image of as many pixels. Powers of two around
# the inputs of common networks (224 to 300 pixels), from thumbnails to camera images.
SIZE_EDGES = (64, 128, 256, 512, 1024, 2048)


class SliceError(UserError):
    """No test image has a feature to slice by."""


def other_features(slices: Iterable[str]) -> list[str]:
    """Names of the slices that are features of the examples, not built in."""
    return [name for name in slices if name not in BUILT_IN]


def size_bucket(height: int, width: int) -> str:
    """Which bucket an image of this height and width, in pixels, is in.

    An image is placed by its number of pixels: 200 x 80 are as many as 126 x 126, so it is in
    `64x64 to 128x128`. Buckets include their lower edge and exclude their upper one.
    """
    # The integer root compares with an integer edge as the exact one does.
    side = isqrt(height * width)
    below = [edge for edge in SIZE_EDGES if edge <= side]
    above = [edge for edge in SIZE_EDGES if edge > side]
    if not below:
        return f"below {above[0]}x{above[0]}"
    if not above:
        return f"{below[-1]}x{below[-1]} and more"
    return f"{below[-1]}x{below[-1]} to {above[0]}x{above[0]}"


def measure_slices(
    predictions: Sequence[Prediction], slices: Sequence[str], confidence: float
) -> list[dict[str, Any]]:
    """Measures the candidate on the images with each value of each feature.

    Args:
        predictions: Of the test images.
        slices: `class`, `format`, `size` or features that the predictions hold.
        confidence: Confidence level of the intervals, 0 to 1.

    Returns:
        For each value `feature`, `value`, `accuracy` (0 to 1), `interval` of the accuracy,
        `examples`; features in the given order, values sorted by size bucket or by name.

    Raises:
        SliceError: No image has a value for a feature.
    """
    return [
        _measure(feature, value, members, confidence)
        for feature in slices
        for value, members in _groups(predictions, feature)
    ]


def _measure(
    feature: str, value: str, members: Sequence[Prediction], confidence: float
) -> dict[str, Any]:
    correct = sum(member.is_correct for member in members)
    return {
        "feature": feature,
        "value": value,
        "accuracy": correct / len(members),
        "interval": list(wilson_interval(correct, len(members), confidence)),
        "examples": len(members),
    }


def _groups(predictions: Sequence[Prediction], feature: str) -> list[tuple[str, list[Prediction]]]:
    by_value: dict[str, list[Prediction]] = defaultdict(list)
    for prediction in predictions:
        by_value[_value(prediction, feature) or NO_VALUE].append(prediction)
    if feature not in BUILT_IN and set(by_value) == {NO_VALUE}:
        raise SliceError(
            f"gate.slices names {feature}; no test image has that feature",
            f"Name {', '.join(BUILT_IN)} or a feature of the tf.Examples, such as image/format.",
        )
    largest = sorted(by_value, key=lambda value: (-len(by_value[value]), value))
    for value in largest[MAX_VALUES:]:
        by_value[OTHER_VALUES].extend(by_value.pop(value))
    return sorted(by_value.items(), key=lambda item: _order(feature, item[0]))


def _order(feature: str, value: str) -> tuple[int, str]:
    if value in (NO_VALUE, OTHER_VALUES):
        return len(SIZE_EDGES) + 2, value
    if feature != SIZE:
        return 0, value
    first = value.removeprefix("below ").split("x")[0]
    return (0 if value.startswith("below") else 1 + SIZE_EDGES.index(int(first))), value


def _value(prediction: Prediction, feature: str) -> str | None:
    if feature == CLASS:
        return prediction.label
    if feature == FORMAT:
        return prediction.format
    if feature == SIZE:
        known = prediction.height and prediction.width
        return size_bucket(prediction.height or 0, prediction.width or 0) if known else None
    return (prediction.features or {}).get(feature)
