"""How much to freeze follows from how many images there are, and how similar."""

import keras
import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.linear_model import Ridge
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from trainer.network.network import Network
from trainer.network.settings import ModelSettings
from trainer.stages.auto_freeze import (
    MANY_IMAGES,
    SIMILAR_FROM,
    _find_middle,
    _pool_middle,
    choose_freeze,
    count_mistakes,
    measure_similarity,
    resolve_auto_freeze,
)
from trainer.stages.build import Images
from trainer.stages.settings import StageSettings, TrainerSettings


@pytest.mark.parametrize(
    ("per_class", "similarity", "share", "words"),
    [
        (700, 0.93, 1.0, "few images (700 a class; many is 1,000 or more), similar to"),
        (5000, 0.93, 0.7, "many images (5,000 a class; many is 1,000 or more), similar to"),
        (700, 0.01, 0.4, "different from the backbone's own (similarity 0.01; similar is 0.1"),
        (5000, 0.01, 0.0, "nothing is frozen"),
        (MANY_IMAGES, SIMILAR_FROM, 0.7, "the first 70 % of the layers stay frozen"),
        (MANY_IMAGES - 1, SIMILAR_FROM - 0.01, 0.4, "the first 40 % of the layers stay frozen"),
    ],
)
def test_the_four_cases(per_class: int, similarity: float, share: float, words: str) -> None:
    choice = choose_freeze(per_class * 2, 2, similarity)
    assert choice.share == share
    assert words in choice.reason


def test_one_image_short_of_many_is_few() -> None:
    assert "few images (999 a class" in choose_freeze(1999, 2, 0.5).reason


def _blobs(spread: float, count: int = 300, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    points, ids = make_blobs(count, 16, centers=3, cluster_std=spread, random_state=seed)
    return points.astype(np.float32), ids.astype(np.int64)


def test_mistakes_are_those_of_leave_one_out_classifiers() -> None:
    features, ids = _blobs(12.0, count=60)
    rows = (features - features.mean(axis=0)).astype(np.float64)
    rows /= rows.std(axis=0) + 0.01 * rows.std()
    rows /= np.sqrt((rows**2).sum(axis=1).mean())
    targets = np.eye(3)[ids]
    left_out = [
        cross_val_predict(Ridge(penalty), rows, targets, cv=LeaveOneOut())
        for penalty in (1e-3, 1e-2, 1e-1, 1.0, 10.0)
    ]
    best = min(left_out, key=lambda predictions: ((predictions - targets) ** 2).mean())
    expected = int((best.argmax(axis=1) != ids).sum())
    assert 0 < expected < 40
    assert count_mistakes(features, ids) == expected


def test_more_features_than_images_do_not_leak_the_labels() -> None:
    random = np.random.default_rng(0)
    ids = random.integers(0, 4, 120)
    mistakes = count_mistakes(random.normal(size=(120, 500)).astype(np.float32), ids)
    assert mistakes > 0.6 * 120


def test_similarity_is_the_share_of_the_middles_mistakes_that_the_top_does_not_make() -> None:
    top, ids = _blobs(6.0)
    middle, same_ids = _blobs(12.0)
    assert (ids == same_ids).all()
    expected = 1 - count_mistakes(top, ids) / count_mistakes(middle, ids)
    assert 0.2 < expected < 1
    assert measure_similarity(top, [middle], ids) == pytest.approx(expected)
    # The best way to read the middle counts.
    noise = np.random.default_rng(0).normal(size=(300, 16)).astype(np.float32)
    assert measure_similarity(top, [noise, middle], ids) == pytest.approx(expected)
    assert measure_similarity(top, [noise], ids) > expected


def test_a_top_with_more_mistakes_than_the_middle_is_different() -> None:
    top, ids = _blobs(12.0)
    middle, _ = _blobs(6.0)
    assert measure_similarity(top, [middle], ids) == 0.0


def test_random_labels_are_different() -> None:
    random = np.random.default_rng(0)
    top, ids = _blobs(1.0)
    middle, _ = _blobs(12.0)
    assert measure_similarity(top, [middle], random.permutation(ids)) < 0.2


def test_a_top_without_mistakes_is_fully_similar() -> None:
    top, ids = _blobs(0.1)
    assert measure_similarity(top, [top], ids) == 1.0


def test_the_same_images_give_the_same_similarity() -> None:
    top, ids = _blobs(6.0)
    middle, _ = _blobs(12.0)
    assert measure_similarity(top, [middle], ids) == measure_similarity(top, [middle], ids)


def test_constant_features_and_a_class_of_one_image() -> None:
    dead = np.zeros((5, 8), np.float32)
    ids = np.array([0, 0, 0, 0, 1])
    # The frequent class is predicted each time.
    assert count_mistakes(dead, ids) == 1
    assert measure_similarity(dead, [dead], ids) == 0.0


@pytest.mark.parametrize(
    ("backbone", "size", "middle"),
    [
        # Not the narrow projection that follows.
        ("MobileNetV2", 64, "block_6_depthwise_relu"),
        ("ResNet50", 32, "conv3_block3_add"),
        ("VGG16", 32, "block3_conv1"),
    ],
)
def test_the_middle_is_the_widest_layer_that_all_above_it_read(
    backbone: str, size: int, middle: str
) -> None:
    body = getattr(keras.applications, backbone)(
        include_top=False, weights=None, input_shape=(size, size, 3), pooling="avg"
    )
    layer = body.layers[_find_middle(body)]
    assert layer.name == middle
    channels = layer.output.shape[-1]
    assert [vector.shape[-1] for vector in _pool_middle(body)] == [channels, 4 * channels]


PRETRAINED = ModelSettings(backbone="MobileNetV2", alpha=0.35, weights="bundled")
AUTO = TrainerSettings(
    stages=(
        StageSettings(name="head"),
        StageSettings(name="fine-tune", freeze="auto"),
        StageSettings(name="last", freeze=0.1),
    )
)


def test_only_auto_is_replaced(network: Network, images: Images) -> None:
    decided, reasons = resolve_auto_freeze(AUTO, PRETRAINED, network, images.train, images.parse)
    # Even random convolutions separate red from blue.
    assert [stage.freeze for stage in decided.stages] == ["all", 1.0, 0.1]
    assert list(reasons) == ["fine-tune"]
    assert "few images (20 a class" in reasons["fine-tune"]
    assert "similar to" in reasons["fine-tune"]


def test_random_weights_are_similar_to_nothing(network: Network, images: Images) -> None:
    model = PRETRAINED.model_copy(update={"weights": "none"})
    decided, reasons = resolve_auto_freeze(AUTO, model, network, images.train, images.parse)
    assert decided.stages[1].freeze == 0.4
    assert "similarity 0.00" in reasons["fine-tune"]


def test_what_is_not_auto_is_not_measured(network: Network, images: Images) -> None:
    settings = TrainerSettings()
    assert resolve_auto_freeze(settings, PRETRAINED, network, images.train, images.parse) == (
        settings,
        {},
    )
