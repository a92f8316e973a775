"""Predictions of each model for the same test images, made by one program.

    python -m benchmarks.compare.held_out IMAGES KIND MODEL [KIND MODEL ...]

prints JSON: whether each model's prediction is correct, by the model's kind and the image's path.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

_BATCH_SIZE = 32

Predict = Callable[[Sequence[bytes]], list[int]]
"""Bytes of image files to the numbers of their classes, in the order of the sorted names."""


@click.command()
@click.argument("images", type=click.Path(path_type=Path))
@click.argument("models", nargs=-1, required=True)
def main(images: Path, models: Sequence[str]) -> None:
    """Predict the class of every IMAGES/CLASS/ image with MODELS, pairs of a kind and a path."""
    os.environ["TF_USE_LEGACY_KERAS"] = "0"
    classes = sorted(path.name for path in images.iterdir())
    files = sorted(images.glob("*/*"))
    pairs = zip(models[::2], models[1::2], strict=True)
    right = {
        kind: predict_all(MODELS[kind](Path(model), classes), files, classes)
        for kind, model in pairs
    }
    json.dump(right, sys.stdout)


def predict_all(predict: Predict, files: Sequence[Path], classes: Sequence[str]) -> dict[str, bool]:
    """Whether a model is right about each image, by `CLASS/FILE`."""
    right = {}
    for start in range(0, len(files), _BATCH_SIZE):
        batch = files[start : start + _BATCH_SIZE]
        answers = predict([path.read_bytes() for path in batch])
        for path, answer in zip(batch, answers, strict=True):
            right[f"{path.parent.name}/{path.name}"] = classes[answer] == path.parent.name
    return right


def _keras(model: Path, _: Sequence[str]) -> Predict:
    """The plain script's model as it was trained, in inference mode."""
    import keras

    # The script of the same commit wrote it.
    loaded = keras.models.load_model(model, safe_mode=False)
    size = loaded.input_shape[1]
    return lambda contents: _sides(loaded(_load(contents, size), training=False))


def _keras_exported(model: Path, _: Sequence[str]) -> Predict:
    """The same as `model.export` writes it, for serving."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(model))
    [spec] = loaded.signatures["serving_default"].structured_input_signature[1].values()
    return lambda contents: _sides(loaded.serve(_load(contents, spec.shape[1])))


def _pipeline(model: Path, classes: Sequence[str]) -> Predict:
    """Ours, as it is served."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(model))
    serve = loaded.signatures["serving_default"]

    def predict(contents: Sequence[bytes]) -> list[int]:
        labels = serve(image_bytes=tf.constant(list(contents)))["label"].numpy()
        return [classes.index(label.decode()) for label in labels]

    return predict


def _stock_tfx(model: Path, _: Sequence[str]) -> Predict:
    """The stock way's, as it is served: it takes tf.Examples."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(model))
    serve = loaded.signatures["serving_default"]

    def examples(contents: Sequence[bytes]) -> Iterator[bytes]:
        for one in contents:
            feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[one]))
            features = tf.train.Features(feature={"image": feature})
            yield tf.train.Example(features=features).SerializeToString()

    return lambda contents: _sides(serve(examples=tf.constant(list(examples(contents))))["outputs"])


def _load(contents: Sequence[bytes], size: int) -> Any:
    """Images as `image_dataset_from_directory` loads them: `[batch, size, size, 3] float32`."""
    import tensorflow as tf

    decoded = (tf.io.decode_image(one, channels=3, expand_animations=False) for one in contents)
    return tf.stack([tf.image.resize(image, [size, size]) for image in decoded])


def _sides(probabilities: Any) -> list[int]:
    """The classes of `[batch, 1]` probabilities of the second one."""
    return [int(value > 0.5) for value in probabilities.numpy()[:, 0]]


MODELS: dict[str, Callable[[Path, Sequence[str]], Predict]] = {
    "keras": _keras,
    "keras_exported": _keras_exported,
    "pipeline": _pipeline,
    "stock_tfx": _stock_tfx,
}


if __name__ == "__main__":
    main()
