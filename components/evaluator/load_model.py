"""Whether a model that was blessed once can still be run."""

from collections.abc import Sequence

import tensorflow as tf


class UnusableModel(Exception):
    """A model cannot be run; the text says why."""


def load_classes(model_path: str, signature: str, examples: Sequence[bytes]) -> list[str]:
    """Runs a model on some images, before anything depends on it.

    Inside of TFMA's pipeline a model that fails would take the whole evaluation with it.

    Args:
        model_path: Folder of the SavedModel.
        signature: Its signature that takes serialized tf.Examples.
        examples: Some serialized tf.Examples, at least one.

    Returns:
        The names of its classes.

    Raises:
        UnusableModel: Its files do not load, it lacks the signature, fails, or returns something
            else than `scores` and `classes`, `[batch, classes]` each.
    """
    try:
        model = tf.saved_model.load(model_path)
    # What damaged files raise is anybody's guess: OSError, DataLossError, DecodeError, KeyError.
    except Exception as error:
        raise UnusableModel(f"its files do not load ({_first_line(error)})") from error
    if signature not in model.signatures:
        raise UnusableModel(f"it has no signature {signature}")
    function = model.signatures[signature]
    try:
        argument = next(iter(function.structured_input_signature[1]))
        outputs = function(**{argument: tf.constant(list(examples))})
    # As above: any operation of its graph may fail.
    except Exception as error:
        raise UnusableModel(f"it fails on a test image ({_first_line(error)})") from error
    if not {"scores", "classes"} <= outputs.keys():
        raise UnusableModel(
            f"it returns {', '.join(sorted(outputs))}; the gate needs scores and classes"
        )
    classes, scores = outputs["classes"], outputs["scores"]
    if scores.shape.rank != 2 or scores.shape != classes.shape or scores.shape[0] != len(examples):
        raise UnusableModel("its scores and classes are not one of each for every image and class")
    return [name.decode("utf-8", "replace") for name in classes[0].numpy().tolist()]


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
