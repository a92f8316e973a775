"""Whether a model that was blessed once can still be run."""

from collections.abc import Sequence

import tensorflow as tf


class UnusableModelError(Exception):
    """A model cannot be run; the text says why."""


def probe_model(model_path: str, signature: str, examples: Sequence[bytes]) -> list[str]:
    """Runs a model on some images, before anything depends on it.

    Inside TFMA's pipeline a model that fails would fail the whole evaluation.

    Args:
        model_path: Folder of the SavedModel.
        signature: Its signature that takes serialized tf.Examples.
        examples: Some serialized tf.Examples, at least one.

    Returns:
        The names of its classes.

    Raises:
        UnusableModelError: Its files do not load, it lacks the signature, fails, or returns
            something other than `scores` and `classes`, `[batch, classes]` each.
    """
    try:
        model = tf.saved_model.load(model_path)
    # Damaged files raise many types: OSError, DataLossError, DecodeError, KeyError.
    except Exception as error:
        raise UnusableModelError(f"its files do not load ({_first_line(error)})") from error
    if signature not in model.signatures:
        raise UnusableModelError(f"it has no signature {signature}")
    function = model.signatures[signature]
    try:
        argument = next(iter(function.structured_input_signature[1]))
        outputs = function(**{argument: tf.constant(list(examples))})
    # As above: any operation of its graph may fail.
    except Exception as error:
        raise UnusableModelError(f"it fails on a test image ({_first_line(error)})") from error
    if not {"scores", "classes"} <= outputs.keys():
        raise UnusableModelError(
            f"it returns {', '.join(sorted(outputs))}; the gate needs scores and classes"
        )
    classes, scores = outputs["classes"], outputs["scores"]
    if scores.shape.rank != 2 or scores.shape != classes.shape or scores.shape[0] != len(examples):
        raise UnusableModelError("its scores and classes do not have the shape [images, classes]")
    return [name.decode("utf-8", "replace") for name in classes[0].numpy().tolist()]


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
