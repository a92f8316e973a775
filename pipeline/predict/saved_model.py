"""A pushed model, loaded: images in, the most likely classes of each out."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from components.artifacts import EXTRAS_FOLDER, MODEL_CARD_FILE
from components.errors import UserError
from components.images.limits import ImageLimits
from components.signatures import SERVING_DEFAULT
from pipeline.predict.inputs import Listed
from pipeline.predict.prediction import Prediction, Scored
from pipeline.predict.reading import DEFAULT_LIMITS, Image, Read, read_batches

if TYPE_CHECKING:
    import tensorflow as tf

_SCORES, _CLASSES, _VALID = "scores", "classes", "valid"

_LIMITS = [one.name for one in fields(ImageLimits)]


class ModelError(UserError):
    """The SavedModel cannot be loaded, or was not made by this pipeline."""


class LoadedModel:
    """A SavedModel with the serving signature of `trainer.export`.

    Args:
        folder: Its folder.
        top: Number of classes per image.

    Attributes:
        top: Number of classes per image.
        limits: How large an image may be, as when it was trained.

    Raises:
        ModelError: It cannot be loaded, or has another signature.
    """

    def __init__(self, folder: Path, top: int = 1) -> None:
        import tensorflow as tf

        self.top = top
        self.limits = _read_limits(folder)
        try:
            # Keeps the object alive: its signatures are garbage-collected with it.
            self._model = tf.saved_model.load(str(folder))
        except Exception as error:  # The loader raises OSError, DataLossError, ...
            raise ModelError(
                f"the model {folder} cannot be loaded: {_first_line(error)}",
                "Its folder may be incomplete; use another version.",
            ) from error
        self._signature = self._model.signatures.get(SERVING_DEFAULT)
        name = _input_name(self._signature)
        if name is None:
            raise ModelError(
                f"the model {folder} does not take images: its signature "
                f"{SERVING_DEFAULT} must take [batch] string and return {_SCORES} and {_CLASSES}; "
                f"it {_describe(self._signature)}.",
                "Use a model that this pipeline pushed.",
            )
        self._input = name

    def predict(self, contents: Sequence[bytes]) -> "list[tuple[Scored, ...] | str]":
        """Predicts a batch of images.

        Args:
            contents: The bytes of each image; `check_image` must accept them.

        Returns:
            For each image, its most likely classes, or why the model rejected it.
        """
        import tensorflow as tf

        if not contents:
            return []
        try:
            outputs = self._signature(**{self._input: tf.constant(list(contents))})
        except tf.errors.OpError as error:
            # Models without `valid` fail for the whole batch; a batch may also not fit into memory.
            if len(contents) == 1:
                return [f"the model failed: {_first_line(error)}"]
            return [result for one in contents for result in self.predict([one])]
        scores, classes = outputs[_SCORES].numpy(), outputs[_CLASSES].numpy()
        valid = outputs[_VALID].numpy() if _VALID in outputs else np.ones(len(contents), bool)
        return [
            _most_likely(scores[row], classes[row], self.top)
            if valid[row]
            else "the model cannot decode it"
            for row in range(len(contents))
        ]


def predict_files(
    model: LoadedModel, listed: Iterable[Listed], max_wait_seconds: float | None = None
) -> Iterator[list[Prediction]]:
    """Predicts files; yields the predictions of each batch, in the order of the files."""
    for batch in read_batches(listed, model.limits, max_wait_seconds):
        yield list(_predict_batch(model, batch))


def _predict_batch(model: LoadedModel, batch: list[Read]) -> Iterator[Prediction]:
    results = iter(model.predict([one.contents for one in batch if isinstance(one, Image)]))
    for one in batch:
        result = next(results) if isinstance(one, Image) else one.reason
        if isinstance(result, str):
            yield Prediction(one.path, (), result)
        else:
            yield Prediction(one.path, result)


def _read_limits(folder: Path) -> ImageLimits:
    """The limits in the model's card; the defaults of a SavedModel whose card names none."""
    card = folder / EXTRAS_FOLDER / MODEL_CARD_FILE
    try:
        data = (json.loads(card.read_bytes()).get("config") or {}).get("data") or {}
        limits = {name: int(data[name]) for name in _LIMITS if name in data}
    except FileNotFoundError:
        return DEFAULT_LIMITS
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ModelError(
            f"the model card {card} is damaged: {error}",
            "Use another version, or delete that file to use default limits of images.",
        ) from error
    return replace(DEFAULT_LIMITS, **limits)


def _most_likely(
    scores: npt.NDArray[np.float32], classes: npt.NDArray[np.object_], top: int
) -> tuple[Scored, ...]:
    order = np.argsort(-scores, kind="stable")[:top]
    # Via text: `float(scores[i])` would add digits that a float32 does not have.
    return tuple(
        Scored(classes[i].decode("utf-8", "replace"), float(str(scores[i]))) for i in order
    )


def _input_name(signature: "tf.types.experimental.ConcreteFunction | None") -> str | None:
    """The name of the signature's input; None for an unsuitable signature."""
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
        return "has no such signature"
    inputs = signature.structured_input_signature[1].values()
    takes = ", ".join(f"{spec.name} {spec.shape} {spec.dtype.name}" for spec in inputs)
    return f"takes {takes or 'no input'} and returns {', '.join(signature.structured_outputs)}"


def _first_line(error: Exception) -> str:
    lines = (getattr(error, "message", None) or str(error)).strip().splitlines()
    return lines[0].split("}} ")[-1] if lines else type(error).__name__
