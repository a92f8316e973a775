"""What every client makes of what the server returns."""

from collections.abc import Sequence

from components.errors import UserError
from pipeline.predict.prediction import Scored

INPUT = "image_bytes"
SIGNATURE = "serving_default"
TIMEOUT_SECONDS = 60.0


class ClientError(UserError):
    """The server cannot be reached, refuses the request, or answers something else."""


def pick_likeliest(
    scores: Sequence[Sequence[float]],
    classes: Sequence[Sequence[str]],
    valid: Sequence[bool] | None,
) -> list[Scored | None]:
    """The likeliest class of each image.

    Args:
        scores: `[batch, classes]`, probabilities.
        classes: `[batch, classes]`, the name of each score's class.
        valid: `[batch]`, whether the image could be decoded; None of models without this output.

    Returns:
        `[batch]`; None for an image that the model cannot decode.
    """
    is_valid = [True] * len(scores) if valid is None else valid
    return [
        max(
            (Scored(name, score) for name, score in zip(*row, strict=True)),
            key=lambda one: one.score,
        )
        if can_be_decoded
        else None
        for *row, can_be_decoded in zip(classes, scores, is_valid, strict=True)
    ]
