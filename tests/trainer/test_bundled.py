"""Tests of the bundled backbone and of the script that pretrains it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from trainer.bundled import LETTERS_WEIGHTS, pretrain_letters


def _build_backbone(image_size_px: int) -> keras.Model:
    return keras.applications.MobileNetV2(
        include_top=False, alpha=0.35, input_shape=(image_size_px, image_size_px, 3), weights=None
    )


def _linear_accuracy(backbone: keras.Model, image_size_px: int) -> float:
    """Accuracy on held-out digits of a linear classifier on the backbone's pooled features."""
    digits = load_digits()
    images, labels = digits.images[:900, :, :, np.newaxis] / 8 - 1, digits.target[:900]
    resized = tf.image.resize(images, (image_size_px, image_size_px))
    feature_maps = backbone.predict(tf.repeat(resized, 3, axis=-1), batch_size=128, verbose=0)
    features = feature_maps.mean(axis=(1, 2))
    classifier = LogisticRegression(max_iter=1000).fit(features[:600], labels[:600])
    return classifier.score(features[600:], labels[600:])


def test_weights_file_is_small():
    assert LETTERS_WEIGHTS.stat().st_size <= 3_000_000


@pytest.mark.parametrize("image_size_px", [32, 96])
def test_weights_load_at_any_image_size(image_size_px):
    backbone = _build_backbone(image_size_px)
    before = [np.array(weight) for weight in backbone.get_weights()]
    backbone.load_weights(LETTERS_WEIGHTS)
    after = backbone.get_weights()
    assert all(np.isfinite(weight).all() and weight.dtype == np.float32 for weight in after)
    assert not any(np.array_equal(old, new) for old, new in zip(before, after, strict=True))


def test_frozen_features_tell_digits_apart_far_better_than_random_ones():
    keras.utils.set_random_seed(0)
    backbone = _build_backbone(pretrain_letters.IMAGE_SIZE_PX)
    random_accuracy = _linear_accuracy(backbone, pretrain_letters.IMAGE_SIZE_PX)
    backbone.load_weights(LETTERS_WEIGHTS)
    pretrained_accuracy = _linear_accuracy(backbone, pretrain_letters.IMAGE_SIZE_PX)
    assert pretrained_accuracy > 0.9
    assert pretrained_accuracy > random_accuracy + 0.1


def test_source_domain_holds_every_letter_in_every_font_and_no_digit():
    glyphs = pretrain_letters.render_glyphs()
    assert len(glyphs) == len(pretrain_letters.FONTS) * 52
    assert pretrain_letters.LETTERS.isalpha()
    assert {index for _, index in glyphs} == set(range(52))


def test_every_glyph_fills_its_square():
    for glyph, index in pretrain_letters.render_glyphs():
        width, height = np.subtract(glyph.getbbox()[2:], glyph.getbbox()[:2])
        letter = pretrain_letters.LETTERS[index]
        assert max(width, height) >= pretrain_letters.GLYPH_SIZE_PX - 2, (
            f"{letter} is not drawn in full"
        )


def test_pictures_follow_from_the_seed():
    pictures, letters = pretrain_letters.build_pictures(20, seed=3)
    again, _ = pretrain_letters.build_pictures(20, seed=3)
    other, _ = pretrain_letters.build_pictures(20, seed=4)
    size = pretrain_letters.IMAGE_SIZE_PX
    assert (pictures.shape, pictures.dtype) == ((20, size, size, 1), np.uint8)
    assert (letters.shape, letters.dtype) == ((20,), np.int64)
    np.testing.assert_array_equal(pictures, again)
    assert not np.array_equal(pictures, other)


def test_batch_norm_statistics_settle_during_pretraining():
    backbone, classifier = pretrain_letters.build_classifier()
    norms = [
        layer for layer in backbone.layers if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert norms and {layer.momentum for layer in norms} == {0.9}
    assert classifier.output_shape == (None, 52)
