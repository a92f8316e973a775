"""Accuracy as a metric of TFMA's.

Keras' own, which TFMA can take, rewrites itself through AutoGraph in each process: seconds for one
number.
"""

from collections.abc import Iterable

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma

NAME = "accuracy"

_Counts = tuple[int, int]
"""Pictures whose class was found, and all."""


class Accuracy(tfma.metrics.Metric):
    """The share of pictures whose highest score is that of their label."""

    def __init__(self, name: str = NAME) -> None:
        super().__init__(tfma.metrics.merge_per_key_computations(_computations), name=name)


def _computations(
    name: str,
    eval_config: tfma.EvalConfig | None = None,
    model_name: str = "",
    output_name: str = "",
) -> tfma.metrics.MetricComputations:
    key = tfma.metrics.MetricKey(name=name, model_name=model_name, output_name=output_name)
    return [tfma.metrics.MetricComputation([key], None, _Accuracy(key, eval_config))]


class _Accuracy(beam.CombineFn):
    def __init__(self, key: tfma.metrics.MetricKey, eval_config: tfma.EvalConfig | None) -> None:
        self._key = key
        self._eval_config = eval_config

    def create_accumulator(self) -> _Counts:
        return 0, 0

    def add_input(self, counts: _Counts, element: tfma.metrics.StandardMetricInputs) -> _Counts:
        right, total = counts
        for label, scores, _ in tfma.metrics.to_label_prediction_example_weight(
            element,
            eval_config=self._eval_config,
            model_name=self._key.model_name,
            output_name=self._key.output_name,
            flatten=False,
        ):
            right += int(np.argmax(scores) == label.item())
            total += 1
        return right, total

    def merge_accumulators(self, accumulators: Iterable[_Counts]) -> _Counts:
        right, total = np.sum(list(accumulators), axis=0).tolist()
        return right, total

    def extract_output(self, counts: _Counts) -> dict[tfma.metrics.MetricKey, float]:
        right, total = counts
        return {self._key: right / total if total else float("nan")}
