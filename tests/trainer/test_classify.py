"""A pretrained network predicts what Keras itself predicts; a bad file gives its reason."""

import os
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from trainer.classify import (
    ClassifiedImage,
    ImageSizeError,
    UnreadableFile,
    build_classifier,
    classify_file,
    load_class_names,
)
from trainer.network.backbones import build_backbone
from trainer.network.settings import ModelSettings
from trainer.network.weights import WeightsError

WEIGHTS = "weights/mobilenet_2_5_224_tf.h5"
DAISY = 985


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> ModelSettings:
    """A MobileNet with its top, small and random."""
    file = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    network = build_backbone("MobileNet", 32, 0.25, include_top=True)
    # Random blocks let almost nothing through: without this each class has one thousandth.
    kernel, bias = (classifier := network.get_layer("conv_preds")).get_weights()
    classifier.set_weights([1e18 * kernel, bias])
    network.save_weights(file)
    return ModelSettings(backbone="MobileNet", alpha=0.25, weights=str(file), include_top=True)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A noisy PNG of 32 x 32 pixels."""
    pixels = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "noise.png")
    return tmp_path / "noise.png"


def by_keras(settings: ModelSettings, file: Path, size: int) -> np.ndarray:
    """Probabilities `[1000]` as a script of Keras' own functions gives them."""
    network = keras.applications.MobileNet(
        alpha=settings.alpha, weights=None, input_shape=(size, size, 3)
    )
    network.load_weights(settings.weights)
    pixels = tf.io.decode_image(file.read_bytes(), channels=3)
    scaled = keras.applications.mobilenet.preprocess_input(tf.image.resize(pixels, (size, size)))
    return np.asarray(network(scaled[tf.newaxis], training=False))[0]


def test_classes_are_those_of_keras_the_most_likely_first(
    settings: ModelSettings, image: Path
) -> None:
    result = classify_file(build_classifier(settings, 32), image, top=7)
    assert isinstance(result, ClassifiedImage)
    assert result.path == image
    expected = by_keras(settings, image, 32)
    assert [likely.index for likely in result.classes] == list(np.argsort(-expected)[:7])
    np.testing.assert_allclose(
        [likely.probability for likely in result.classes], np.sort(expected)[:-8:-1], rtol=1e-3
    )


def test_a_bad_file_gives_its_reason(settings: ModelSettings, image: Path) -> None:
    folder = image.parent
    (folder / "text.jpg").write_text("no image")
    (folder / "empty.png").write_bytes(b"")
    (folder / "half.png").write_bytes(image.read_bytes()[:1000])
    os.mkfifo(folder / "pipe.png")
    network = build_classifier(settings, 32)
    reasons = {}
    for name in ("text.jpg", "empty.png", "half.png", "pipe.png", "nowhere.png", "."):
        result = classify_file(network, folder / name, top=5)
        assert isinstance(result, UnreadableFile)
        reasons[name] = result.reason
    assert reasons["text.jpg"].startswith("not an image: ")
    assert reasons["empty.png"] == "empty file: 0 bytes"
    assert reasons["half.png"].startswith("undecodable: ")
    assert reasons["pipe.png"] == "is a named pipe, not a regular file"
    assert reasons["nowhere.png"] == "there is no such file"
    assert reasons["."] == f"is a folder; name the images in it, as {folder}/*.jpg"


@pytest.mark.parametrize(
    ("backbone", "size", "message"),
    [
        ("VGG16", 160, "VGG16 with its top takes images of 224 pixels only; received 160"),
        ("Xception", 64, "Xception needs images of at least 71 pixels; received 64"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(backbone: str, size: int, message: str) -> None:
    with pytest.raises(ImageSizeError, match=message):
        build_classifier(ModelSettings(backbone=backbone, include_top=True), size)


def test_weights_without_the_top_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "no_top.weights.h5"
    build_backbone("MobileNet", 32, 0.25).save_weights(file)
    settings = ModelSettings(backbone="MobileNet", alpha=0.25, weights=str(file), include_top=True)
    with pytest.raises(WeightsError, match="does not fit MobileNet with alpha 0.25 with its top"):
        build_classifier(settings, 32)


def test_class_names_are_in_the_order_of_their_indices(monkeypatch: pytest.MonkeyPatch) -> None:
    from keras.src.applications import imagenet_utils

    # What Keras keeps once it has read its file.
    index = {str(i): [f"n{i:08}", f"name-{i}"] for i in range(1000)}
    monkeypatch.setattr(imagenet_utils, "CLASS_INDEX", index)
    names = load_class_names()
    assert len(names) == 1000
    assert names[0] == "name-0"
    assert names[DAISY] == "name-985"


def test_daisies_are_daisies(shared_dir: Path) -> None:
    settings = ModelSettings(
        backbone="MobileNet", alpha=0.25, weights=str(shared_dir / WEIGHTS), include_top=True
    )
    network = build_classifier(settings)
    files = sorted((shared_dir / "data/flower_photos/daisy").iterdir())[:20]
    results = [classify_file(network, file, top=5) for file in files]
    tops = [r.classes[0] for r in results if isinstance(r, ClassifiedImage)]
    assert len(tops) == 20
    expected = by_keras(settings, files[0], 224)
    assert tops[0].index == np.argmax(expected) == DAISY
    assert tops[0].probability == pytest.approx(expected[DAISY], rel=1e-3)
    # A fifth of ImageNet's own daisies is beyond so small a network as well.
    assert sum(top.index == DAISY for top in tops) >= 12
