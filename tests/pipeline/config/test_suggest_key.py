"""What people type first leads to the key that exists."""

import pytest

from pipeline.config.describe_types import keys
from pipeline.config.key_path import parse_path, section_at
from pipeline.config.schema import PipelineConfig
from pipeline.config.suggest_key import suggest_key

STAGE = "trainer.stages[0]"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("trainer.epochs", f"{STAGE}.epochs"),
        ("trainer.learning_rate", f"{STAGE}.optimizer.learning_rate"),
        ("trainer.lr", f"{STAGE}.optimizer.learning_rate"),
        ("trainer.stages[1].learning_rate", "trainer.stages[1].optimizer.learning_rate"),
        ("trainer.optimizer", f"{STAGE}.optimizer"),
        ("trainer.bach_size", "batch_size"),
        ("epochs", f"{STAGE}.epochs"),
        ("batch_size", "trainer.batch_size"),
        ("batchsize", "trainer.batch_size"),
        ("lr", f"{STAGE}.optimizer.learning_rate"),
        ("learningrate", f"{STAGE}.optimizer.learning_rate"),
        ("image_size", "transform.image_size"),
        ("model.img_size", "transform.image_size"),
        ("model_name", "push.model_name"),
        ("folder", "data.path"),
        ("data.folder", "path"),
        ("architecture", "model.backbone"),
        ("modle", "model"),
        ("flavour", None),
    ],
)
def test_the_key_that_was_meant(typed: str, meant: str | None) -> None:
    *parent, key = parse_path(typed)
    section = section_at(PipelineConfig, tuple(parent), {"trainer": {"stages": [{}, {}]}})
    allowed = keys(section or PipelineConfig)
    assert suggest_key(PipelineConfig, tuple(parent), str(key), allowed) == meant
