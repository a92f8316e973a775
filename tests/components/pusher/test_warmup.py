"""Warm-up requests, and the model's responses to them."""

import io
from pathlib import Path

import pytest
import tensorflow as tf
from PIL import Image
from tensorflow_serving.apis import prediction_log_pb2  # type: ignore[import-untyped]

from components.pusher.saved_model import ModelFacts, read_saved_model
from components.pusher.warmup import build_warmup, draw_images
from tests.fakes.models.saved_models import LABELS, png, write_examples, write_saved_model


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_saved_model(tmp_path_factory.mktemp("saved") / "model")


def test_saved_model_facts(saved_model: Path) -> None:
    facts = read_saved_model(str(saved_model))
    assert facts.labels == LABELS
    assert facts.tensorflow == tf.__version__
    assert facts.signatures == {
        "serving_default": {
            "inputs": {"image_bytes": {"dtype": "string", "shape": [None]}},
            "outputs": {"scores": {"dtype": "float32", "shape": [None, 3]}},
        }
    }


def test_model_serves_its_warmup_requests(saved_model: Path, tmp_path: Path) -> None:
    images = [png(10), png(200)]
    contents = build_warmup(images, read_saved_model(str(saved_model)), "pets")
    assert contents is not None
    (tmp_path / "requests").write_bytes(contents)
    serve = tf.saved_model.load(str(saved_model)).signatures["serving_default"]
    requests = []
    for record in tf.data.TFRecordDataset(str(tmp_path / "requests")).as_numpy_iterator():
        request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
        assert (request.model_spec.name, request.model_spec.signature_name) == (
            "pets",
            "serving_default",
        )
        inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
        assert set(inputs) == {"image_bytes"}
        scores = serve(image_bytes=tf.constant(inputs["image_bytes"]))["scores"]
        requests.append((inputs["image_bytes"].tolist(), scores.numpy()[:, 0].tolist()))
    assert requests == [
        ([images[0]], [10.0]),
        ([images[1]], [200.0]),
        (images, [10.0, 200.0]),
    ]


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"image_bytes": {"dtype": "float32", "shape": [None, 32, 32, 3]}},
        {"a": {"dtype": "string", "shape": [None]}, "b": {"dtype": "string", "shape": [None]}},
    ],
)
def test_no_requests_for_other_inputs(inputs: dict) -> None:
    facts = ModelFacts((), {"serving_default": {"inputs": inputs, "outputs": {}}}, "2.16.2")
    assert build_warmup([png(1)], facts, "pets") is None


def test_no_requests_without_images(saved_model: Path) -> None:
    assert build_warmup([], read_saved_model(str(saved_model)), "pets") is None


def test_images_are_drawn_like_those_of_the_split(tmp_path: Path) -> None:
    examples = write_examples(tmp_path / "examples", {"cat": [png(1), png(2)], "dog": [png(3)]})
    [drawn] = draw_images(str(examples), "test")
    assert Image.open(io.BytesIO(drawn)).format == "PNG"
    assert Image.open(io.BytesIO(drawn)).size == (4, 4)
    assert drawn not in [png(1), png(2), png(3)]
    assert draw_images(str(examples), "test") == [drawn]


@pytest.mark.parametrize("file_format", ["jpeg", "png", "gif", "bmp"])
def test_every_format_is_drawn_and_decoded(tmp_path: Path, file_format: str) -> None:
    kinds = [(file_format, 30, 40), ("png", 10, 20), (file_format, 31, 40)]
    examples = write_examples(tmp_path / "e", {"cat": [png(1)] * 3}, kinds)
    drawn = draw_images(str(examples), "test", 2)
    shapes = [tf.io.decode_image(image, expand_animations=False).shape for image in drawn]
    assert shapes == [(30, 40, 3), (10, 20, 3)]
