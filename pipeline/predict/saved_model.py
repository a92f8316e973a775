"""A pushed model, loaded: bytes of images in, the likeliest classes out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from components.errors import UserError
from pipeline.predict.prediction import Scored

if TYPE_CHECKING:
    import tensorflow as tf

SIGNATURE = "serving_default"
_SCORES, _CLASSES, _VALID = "scores", "classes", "valid"


class ModelError(UserError):
    """The SavedModel cannot be loaded, or is not one of this pipeline."""


class LoadedModel:
    """A SavedModel with the signature that `trainer.export` describes.

    Args:
        folder: Its folder.
        top: How many classes an image gets.

    Attributes:
        top: The same.

    Raises:
        ModelError: It cannot be loaded, or has another signature.
    """

    def __init__(self, folder: Path, top: int = 1) -> None:
        import tensorflow as tf

        self.top = top
        try:
            # The signature is gone with the object that it belongs to.
            self._model = tf.saved_model.load(str(folder))
        except Exception as error:  # Whatever the loader stumbles on: OSError, DataLossError, ...
            raise ModelError(
                f"the model {folder} cannot be loaded: {_first_line(error)}",
                "Its folder may be incomplete; take another version.",
            ) from error
        self._signature = self._model.signatures.get(SIGNATURE)
        name = _input_name(self._signature)
        if name is None:
            raise ModelError(
                f"the model {folder} does not take images: its signature {SIGNATURE} must take "
                f"[batch] string and return {_SCORES} and {_CLASSES}; "
                f"it has {_describe(self._signature)}.",
                "Give a model that this pipeline pushed.",
            )
        self._input = name

    def ask(self, contents: Sequence[bytes]) -> "list[tuple[Scored, ...] | str]":
        """Asks about a batch.

        Args:
            contents: Bytes of images that `check_image` accepts.

        Returns:
            For each its likeliest classes, or why the model gives none.
        """
        import tensorflow as tf

        if not contents:
            return []
        try:
            answer = self._signature(**{self._input: tf.constant(list(contents))})
        except tf.errors.OpError as error:
            # Models from before `valid` fail as a whole; a batch may also be too large for memory.
            if len(contents) == 1:
                return [f"the model cannot take it: {_first_line(error)}"]
            return [result for one in contents for result in self.ask([one])]
        scores, classes = answer[_SCORES].numpy(), answer[_CLASSES].numpy()
        valid = answer[_VALID].numpy() if _VALID in answer else np.ones(len(contents), bool)
        return [
            _likeliest(scores[row], classes[row], self.top)
            if valid[row]
            else "the model cannot decode it"
            for row in range(len(contents))
        ]


def _likeliest(
    scores: npt.NDArray[np.float32], classes: npt.NDArray[np.object_], top: int
) -> tuple[Scored, ...]:
    order = np.argsort(-scores, kind="stable")[:top]
    # Through text: `float` would show digits that a float32 does not have.
    return tuple(
        Scored(classes[i].decode("utf-8", "replace"), float(str(scores[i]))) for i in order
    )


def _input_name(signature: "tf.types.experimental.ConcreteFunction | None") -> str | None:
    """The name of the one input, where the signature is what we need."""
    import tensorflow as tf

    if signature is None:
        return None
    inputs: dict[str, Any] = signature.structured_input_signature[1]
    outputs: dict[str, Any] = signature.structured_outputs
    if len(inputs) != 1 or not {_SCORES, _CLASSES} <= set(outputs):
        return None
    [(name, spec)] = inputs.items()
    return name if spec.dtype == tf.string and spec.shape.rank in (None, 1) else None


def _describe(signature: Any) -> str:
    if signature is None:
        return "none of that name"
    inputs = signature.structured_input_signature[1].values()
    takes = ", ".join(f"{spec.name} {spec.shape} {spec.dtype.name}" for spec in inputs)
    return f"{takes or 'no input'} and returns {', '.join(signature.structured_outputs)}"


def _first_line(error: Exception) -> str:
    lines = (getattr(error, "message", None) or str(error)).strip().splitlines()
    return lines[0].split("}} ")[-1] if lines else type(error).__name__
