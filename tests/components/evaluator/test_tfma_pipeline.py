"""The batches in which test images reach the models."""

from pathlib import Path

import apache_beam as beam
from apache_beam.testing.util import assert_that, equal_to

from components.evaluator.tfma_pipeline import BATCH_SIZE, _read
from tests.fakes.models.tiny_models import COUNT, make_examples


def test_batches_do_not_grow_with_the_number_of_images(tmp_path: Path) -> None:
    examples = make_examples(tmp_path, [f"class-{number}" for number in range(5)])
    with beam.Pipeline() as pipeline:
        rows = _read(pipeline, [examples], ["test"]) | beam.Map(lambda batch: batch.num_rows)
        assert_that(rows, equal_to([BATCH_SIZE] * 3 + [5 * COUNT - 3 * BATCH_SIZE]))
