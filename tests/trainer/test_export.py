"""The SavedModel, reloaded: its inputs and outputs, and that they are always the same."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.artifacts import LABELS_FILE
from components.signatures import SERVING_EXAMPLES
from tests.trainer.conftest import LABELS, transform_layer
from trainer.export import export_network
from trainer.network.network import Network


class TransformLayer(tf.Module):
    """Stands in for the Transform graph."""

    def __call__(self, features: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return transform_layer(features)


@pytest.fixture
def folder(network: Network, tmp_path: Path) -> Path:
    export_network(network, TransformLayer(), LABELS, str(tmp_path / "model"))
    return tmp_path / "model"


@pytest.fixture
def contents() -> list[bytes]:
    pixels = np.random.default_rng(3).integers(0, 256, (3, 9, 9, 3)).astype(np.uint8)
    return [tf.io.encode_png(one).numpy() for one in pixels]


def test_returns_scores_classes_and_label(folder: Path, contents: list[bytes]) -> None:
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    result = serve(image_bytes=tf.constant(contents))
    assert result["scores"].shape == (3, 2) and result["scores"].dtype == tf.float32
    np.testing.assert_allclose(tf.reduce_sum(result["scores"], axis=1), 1, rtol=1e-6)
    assert result["classes"].numpy().tolist() == [[b"blue", b"red"]] * 3
    best = result["scores"].numpy().argmax(axis=1)
    assert result["label"].numpy().tolist() == [LABELS[index].encode() for index in best]


def test_scores_are_those_of_the_network(
    folder: Path, contents: list[bytes], network: Network
) -> None:
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    images = transform_layer({"image/encoded": tf.constant(contents)})["image_xf"]
    expected = keras.ops.softmax(network(images))
    np.testing.assert_allclose(
        serve(image_bytes=tf.constant(contents))["scores"], expected, atol=1e-6
    )


def test_two_calls_agree_bit_for_bit(folder: Path, contents: list[bytes]) -> None:
    # Dropout is part of the head; none of it may be left in the model.
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    first, second = (serve(image_bytes=tf.constant(contents))["scores"] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_examples_give_the_results_of_bytes(folder: Path, contents: list[bytes]) -> None:
    signatures = tf.saved_model.load(str(folder)).signatures
    examples = [
        tf.train.Example(
            features=tf.train.Features(
                feature={
                    "image/encoded": tf.train.Feature(bytes_list=tf.train.BytesList(value=[one]))
                }
            )
        ).SerializeToString()
        for one in contents
    ]
    np.testing.assert_array_equal(
        signatures[SERVING_EXAMPLES](examples=tf.constant(examples))["scores"],
        signatures["serving_default"](image_bytes=tf.constant(contents))["scores"],
    )


def test_class_names_are_an_asset(folder: Path) -> None:
    assert (folder / "assets" / LABELS_FILE).read_text() == "blue\nred\n"


def test_an_image_that_cannot_be_decoded_does_not_fail_the_others(
    folder: Path, contents: list[bytes]
) -> None:
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    good = serve(image_bytes=tf.constant(contents))
    truncated = contents[1][: len(contents[1]) // 2]
    for undecodable in (b"", b"no image", truncated):
        result = serve(image_bytes=tf.constant([contents[0], undecodable, contents[2]]))
        assert result["valid"].numpy().tolist() == [True, False, True]
        np.testing.assert_array_equal(result["scores"][1], [0, 0])
        assert result["label"][1] == b""
        assert result["classes"].numpy().tolist() == [[b"blue", b"red"]] * 3
        for row in (0, 2):
            np.testing.assert_array_equal(result["scores"][row], good["scores"][row])
            assert result["label"][row] == good["label"][row]


def test_a_batch_without_a_decodable_image_is_classified(folder: Path) -> None:
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    result = serve(image_bytes=tf.constant([b"one", b"two"]))
    assert result["valid"].numpy().tolist() == [False, False]
    np.testing.assert_array_equal(result["scores"], np.zeros((2, 2)))


def test_an_empty_batch_is_classified(folder: Path) -> None:
    signatures = tf.saved_model.load(str(folder)).signatures
    nothing = tf.constant([], tf.string)
    for result in (
        signatures["serving_default"](image_bytes=nothing),
        signatures[SERVING_EXAMPLES](examples=nothing),
    ):
        shapes = {name: tuple(value.shape) for name, value in result.items()}
        assert shapes == {"scores": (0, 2), "classes": (0, 2), "label": (0,), "valid": (0,)}


def test_pixels_are_those_of_training(folder: Path, contents: list[bytes]) -> None:
    # To the bit, as tf.data makes them, which fuses no operations; an optimized graph does.
    in_training = tf.data.Dataset.from_tensors(tf.constant(contents)).map(
        lambda batch: transform_layer({"image/encoded": batch})["image_xf"]
    )
    model = tf.saved_model.load(str(folder))
    np.testing.assert_array_equal(
        model.images(tf.constant(contents)), in_training.get_single_element()
    )
    with_undecodable = model.images(tf.constant([*contents, b"no image"]))
    np.testing.assert_array_equal(with_undecodable[:3], in_training.get_single_element())
    np.testing.assert_array_equal(with_undecodable[3], np.zeros((32, 32, 3)))
