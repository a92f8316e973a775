"""How much each class counts in the loss."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.utils.class_weight import compute_class_weight

from components.errors import UserError
from trainer.data.batches import Labels
from trainer.data.class_weights import find_class_weights
from trainer.stages.optimizer import build_loss

COUNTS = {"cat": 10, "dog": 30, "fox": 20}


def test_none_is_one_for_all() -> None:
    np.testing.assert_array_equal(find_class_weights("none", COUNTS), [1, 1, 1])


def test_auto_is_balanced() -> None:
    ids = np.repeat([0, 1, 2], list(COUNTS.values()))
    expected = compute_class_weight("balanced", classes=np.arange(3), y=ids)
    np.testing.assert_allclose(find_class_weights("auto", COUNTS), expected, rtol=1e-6)


def test_given_weights_go_by_name() -> None:
    weights = find_class_weights({"fox": 3.0, "cat": 1.0, "dog": 2.0}, COUNTS)
    np.testing.assert_array_equal(weights, [1, 2, 3])


def test_missing_and_unknown_classes_are_named() -> None:
    with pytest.raises(UserError, match="missing: dog, fox; unknown: wolf") as error:
        find_class_weights({"cat": 1.0, "wolf": 1.0}, COUNTS)
    assert "cat, dog, fox" in str(error.value.hint)


def test_parts_of_blended_labels_weigh_by_their_classes() -> None:
    class_weights = np.array([0.5, 5.0], np.float32)
    rows = tf.constant([[1.0, 0.0], [0.0, 1.0], [0.9, 0.1]])
    logits = tf.constant([[0.3, -0.2], [1.5, 0.4], [0.3, -0.2]])
    labels, weights = Labels(np.array([0, 1, 0]), class_weights).weigh(rows)
    loss = build_loss()(labels, logits, weights)
    # The weighted cross-entropy: each class's part of a label counts by that class's weight.
    parts = class_weights * rows.numpy() * -tf.nn.log_softmax(logits).numpy()
    np.testing.assert_allclose(loss, parts.sum(axis=1).mean(), rtol=1e-6)


def test_whole_labels_stay_bit_for_bit() -> None:
    rows = tf.eye(3)
    labels, weights = Labels(np.arange(3), np.array([0.3, 1.7, 3.1], np.float32)).weigh(rows)
    np.testing.assert_array_equal(labels, rows)
    np.testing.assert_array_equal(weights, np.array([0.3, 1.7, 3.1], np.float32))
