"""A model with one defect is refused for that reason; one without passes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tfx.types import standard_artifacts

from components.serving_check.executor import check_model
from components.serving_check.settings import ServingCheckSettings
from components.serving_check.verdict import Verdict
from tests.fakes.models.mean_colour import WEIGHTS, mean_colour, save_model
from trainer.export import Classifier

Check = Callable[..., Verdict]
MIB = 1024**2


@pytest.fixture
def check(
    tmp_path: Path, examples: standard_artifacts.Examples, model_run: standard_artifacts.ModelRun
) -> Check:
    """Exports a model and checks it."""

    def run(settings: dict[str, Any] | None = None, **model: Any) -> Verdict:
        folder = save_model(tmp_path, **model)
        chosen = ServingCheckSettings(**{"calls": 25, **(settings or {})})
        return check_model(str(folder), [examples], [model_run], chosen)

    return run


def test_a_good_model_passes(check: Check) -> None:
    verdict = check({"calls": 200})
    assert verdict.failures == [] and verdict.passed and verdict.is_checked
    assert verdict.images == 45 and verdict.calls == 200
    assert verdict.largest_difference is not None and verdict.largest_difference < 1e-6
    assert verdict.is_deterministic is True
    assert verdict.latency_ms.keys() == {"1", "32"}
    assert 0 < verdict.latency_ms["1"]["p50"] <= verdict.latency_ms["1"]["p99"]
    assert verdict.memory_growth_bytes is not None and verdict.memory_growth_bytes < 16 * MIB
    assert verdict.model_bytes and verdict.seconds > 0


def test_a_model_that_needs_our_package(check: Check) -> None:
    def in_python(images: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        logits = tf.py_function(mean_colour, [images, weights], tf.float32)
        return tf.ensure_shape(logits, [None, 3])

    verdict = check(logits_fn=in_python)
    assert not verdict.passed
    assert verdict.failures[0].startswith("no response to a batch of 1 (and ")
    assert "Could not find callback with key=pyfunc_" in verdict.failures[0]


def test_a_model_that_is_not_deterministic(check: Check) -> None:
    verdict = check(logits_fn=lambda p, w: tf.nn.dropout(mean_colour(p, w), 0.5))
    assert "two calls with the same images return different outputs" in verdict.failures
    assert verdict.is_deterministic is False


def test_scores_that_differ_from_the_trainers(check: Check) -> None:
    verdict = check(weights=WEIGHTS * np.float32(1.001))
    [failure] = verdict.failures
    assert failure.startswith("scores differ from the Trainer's by up to 0.000")
    assert failure.endswith("on 40 validation images; serving_check.max_difference allows 1e-05")


class FailsOnEmptyBatch(Classifier):
    def classify(self, contents: tf.Tensor) -> dict[str, tf.Tensor]:
        with tf.control_dependencies([tf.debugging.assert_positive(tf.size(contents))]):
            return super().classify(tf.identity(contents))


def test_a_model_that_fails_on_an_empty_batch(check: Check) -> None:
    [failure] = check(kind=FailsOnEmptyBatch).failures
    assert failure.startswith("no response to an empty batch: InvalidArgumentError: ")


class FailsTheBatch(Classifier):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def decode(self, contents: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return self._transform_fn(contents), tf.ones_like(contents, tf.bool)


def test_an_undecodable_image_that_fails_its_batch(check: Check) -> None:
    failures = check(kind=FailsTheBatch).failures
    assert any(
        failure.startswith("no response to a file that is not an image among good images")
        and "Unknown image file format" in failure
        for failure in failures
    )


class FlagsNothing(Classifier):
    def classify(self, contents: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = super().classify(contents)
        return {**outputs, "valid": tf.ones_like(outputs["valid"])}


def test_an_undecodable_image_is_not_flagged(check: Check) -> None:
    failures = check(kind=FlagsNothing).failures
    assert (
        "a truncated image among good images: "
        "output 'valid' is [True, True, True], not [True, False, True]"
    ) in failures


class LeaksMemory(Classifier):
    """Leaks two MiB with each call."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.leaked = tf.Variable(tf.zeros([0]), shape=[None], trainable=False)

    def classify(self, contents: tf.Tensor) -> dict[str, tf.Tensor]:
        grown = tf.concat([self.leaked, tf.random.uniform([2 * MIB // 4])], axis=0)
        with tf.control_dependencies([self.leaked.assign(grown)]):
            return super().classify(tf.identity(contents))


def test_a_model_that_leaks_memory(check: Check) -> None:
    verdict = check(kind=LeaksMemory)
    [failure] = verdict.failures
    assert failure.startswith("memory grew by ") and "MiB over 25 calls" in failure
    assert failure.endswith("serving_check.max_memory_growth_bytes allows 16.0 MiB")
    assert verdict.memory_growth_bytes is not None and verdict.memory_growth_bytes > 16 * MIB


def test_a_model_that_aborts_the_process(check: Check) -> None:
    def abort(images: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        with tf.control_dependencies([tf.raw_ops.Abort(error_msg="out of order")]):
            return mean_colour(tf.identity(images), weights)

    [failure] = check(logits_fn=abort).failures
    assert failure == ("the check ended early: a batch of 1: the process was killed by signal 6")


class WithoutFlag(Classifier):
    def classify(self, contents: tf.Tensor) -> dict[str, tf.Tensor]:
        return {k: v for k, v in super().classify(contents).items() if k != "valid"}


def test_a_missing_output_and_a_high_latency(check: Check) -> None:
    failures = check({"max_latency_ms": 0.001}, kind=WithoutFlag).failures
    assert failures[0] == "a batch of 1: serving_default has no output 'valid'"
    assert failures[1].startswith("one image takes ")
    assert failures[1].endswith("ms (p99 of 25 calls); serving_check.max_latency_ms allows 0.001")


def test_a_missing_model(
    tmp_path: Path, examples: standard_artifacts.Examples, model_run: standard_artifacts.ModelRun
) -> None:
    verdict = check_model(str(tmp_path), [examples], [model_run], ServingCheckSettings())
    [failure] = verdict.failures
    assert failure.startswith(
        "the model does not load in a process that has only TensorFlow: OSError: "
    )
