"""A good model and examples for it."""

import hashlib
from pathlib import Path

import pytest
import tensorflow as tf
from tfx.types import standard_artifacts

from components.feature_keys import IMAGE, IMAGE_XF
from components.serving_check.reference import ALONE, REFERENCE_FILE, Reference, write_reference
from tests.fakes.models.mean_colour import (
    LABELS,
    WEIGHTS,
    TransformLayer,
    make_image,
    mean_colour,
    save_model,
    write_split,
)


@pytest.fixture(scope="session")
def good_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel that passes the check."""
    return save_model(tmp_path_factory.mktemp("good"))


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> standard_artifacts.Examples:
    """5 test images of several formats and 40 validation images."""
    folder = tmp_path_factory.mktemp("examples")
    formats = ["png", "png", "jpeg", "bmp", "gif"]
    test = [make_image(n, name, (20, 10 + n)) for n, name in enumerate(formats)]
    write_split(folder / "Split-test", test, formats)
    validation = [make_image(100 + n) for n in range(40)]
    write_split(folder / "Split-validation", validation, ["png"] * 40)
    artifact = standard_artifacts.Examples()
    artifact.uri = str(folder)
    artifact.split_names = '["validation", "test"]'
    return artifact


@pytest.fixture(scope="session")
def model_run(tmp_path_factory: pytest.TempPathFactory) -> standard_artifacts.ModelRun:
    """The Trainer's scores of the validation images."""
    folder = tmp_path_factory.mktemp("model_run")
    validation = [make_image(100 + n) for n in range(40)]
    images = TransformLayer()({IMAGE: tf.constant(validation)})[IMAGE_XF]
    scores = tf.nn.softmax(mean_colour(images, WEIGHTS)).numpy()
    sha256 = tuple(hashlib.sha256(contents).hexdigest() for contents in validation)
    reference = Reference(sha256, scores, scores[:ALONE], LABELS)
    write_reference(reference, str(folder / REFERENCE_FILE))
    artifact = standard_artifacts.ModelRun()
    artifact.uri = str(folder)
    return artifact
