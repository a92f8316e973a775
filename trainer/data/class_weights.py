"""How much each class counts in the training loss."""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from components.errors import UserError


def find_class_weights(
    setting: Literal["none", "auto"] | dict[str, float], counts: Mapping[str, int]
) -> np.ndarray:
    """The weight of each class.

    Args:
        setting: `none`: all are 1. `auto`: a class weighs images / (classes x its images), so
            that all count the same in sum (King & Zeng, "Logistic Regression in Rare Events Data",
            2001; scikit-learn calls it `balanced`). Or a weight for each class.
        counts: Training images of each class, in the order of the logits.

    Returns:
        `[classes] float32`, in the same order.

    Raises:
        UserError: A weight is missing, or is for an unknown class.
    """
    if setting == "none":
        return np.ones(len(counts), np.float32)
    if setting == "auto":
        numbers = np.array(list(counts.values()), np.float64)
        return (numbers.sum() / (len(numbers) * numbers)).astype(np.float32)
    missing, unknown = sorted(counts.keys() - setting), sorted(setting.keys() - counts)
    if missing or unknown:
        raise UserError(
            "trainer.class_weights: needs one weight for each class; "
            + "; ".join(
                f"{what}: {', '.join(names)}"
                for what, names in (("missing", missing), ("unknown", unknown))
                if names
            ),
            hint=f"The classes are {', '.join(counts)}.",
        )
    return np.array([setting[name] for name in counts], np.float32)
