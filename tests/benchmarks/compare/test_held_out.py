"""Models of each kind that the systems write: are their correct predictions counted?"""

from collections.abc import Callable
from pathlib import Path

import keras
import pytest
import tensorflow as tf

from benchmarks.compare.held_out import MODELS, predict_all
from tests.fakes.benchmarks.tiny import write_images

# More than one batch.
COUNT = 17


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("data"), COUNT) / "validation"


def _keras_model(sign: float) -> keras.Model:
    """`[batch, 8, 8, 3]` in 0 to 255 to the probability of red, or of blue if the sign is -1."""
    inputs = keras.Input((8, 8, 3))
    # Random layers stay active in what `model.export` writes; a flip changes no mean.
    x = keras.layers.RandomFlip("horizontal")(inputs)
    dense = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Model(inputs, dense(keras.layers.GlobalAveragePooling2D()(x)))
    dense.set_weights([tf.constant([[sign], [0.0], [-sign]]), tf.zeros([1])])
    return model


def _probability(contents: tf.Tensor, sign: float) -> tf.Tensor:
    """Of red, of one image's bytes: `[1] float32`."""
    means = tf.reduce_mean(tf.cast(tf.io.decode_jpeg(contents), tf.float32), axis=(0, 1))
    return tf.sigmoid(sign * (means[:1] - means[2:]))


def _save_keras(folder: Path, sign: float) -> Path:
    _keras_model(sign).save(folder / "model.keras")
    return folder / "model.keras"


def _save_exported(folder: Path, sign: float) -> Path:
    _keras_model(sign).export(folder / "exported", verbose=False)
    return folder / "exported"


def _save_pipeline(folder: Path, sign: float) -> Path:
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def serve(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        red = tf.map_fn(lambda one: _probability(one, sign), image_bytes, tf.float32)
        return {"label": tf.where(red[:, 0] > 0.5, "red", "blue")}

    tf.saved_model.save(tf.Module(), str(folder), signatures={"serving_default": serve})
    return folder


def _save_stock_tfx(folder: Path, sign: float) -> Path:
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        parsed = tf.io.parse_example(examples, {"image": tf.io.FixedLenFeature([], tf.string)})
        return {
            "outputs": tf.map_fn(lambda one: _probability(one, sign), parsed["image"], tf.float32)
        }

    tf.saved_model.save(tf.Module(), str(folder), signatures={"serving_default": serve})
    return folder


SAVE: dict[str, Callable[[Path, float], Path]] = {
    "keras": _save_keras,
    "keras_exported": _save_exported,
    "pipeline": _save_pipeline,
    "stock_tfx": _save_stock_tfx,
}


@pytest.mark.parametrize(("sign", "is_right"), [(1.0, True), (-1.0, False)])
@pytest.mark.parametrize("kind", MODELS)
def test_what_a_model_says_is_counted_as_right_or_wrong(
    kind: str, sign: float, is_right: bool, images: Path, tmp_path: Path
) -> None:
    classes, files = ["blue", "red"], sorted(images.glob("*/*"))
    right = predict_all(MODELS[kind](SAVE[kind](tmp_path, sign), classes), files, classes)
    names = {f"{label}/{index}.jpg" for label in classes for index in range(COUNT)}
    assert right == dict.fromkeys(names, is_right)
