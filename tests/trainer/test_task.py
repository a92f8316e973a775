"""The name of a training's state, and the images that a model has seen."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tfx.components.trainer.fn_args_utils import FnArgs

from components.evaluator.gate.training_images import image_ids, write_training_images
from trainer.stages.build import Images
from trainer.task import name_training, training_images
from trainer.warm_start import WarmStart


def _name(policy: str = "float32", **arguments: Any) -> str:
    files = {"train_files": ["b", "a"], "eval_files": ["c"], "transform_graph_path": "graph"}
    return name_training(FnArgs(**{**files, **arguments}), policy)


def test_a_training_is_named_after_all_that_its_state_depends_on() -> None:
    assert _name() == _name(train_files=["a", "b"])
    others = [
        _name("mixed_bfloat16"),
        _name(train_files=["a"]),
        _name(eval_files=["d"]),
        _name(transform_graph_path="other"),
        _name(base_model="model"),
        _name(custom_config={"trainer": "{}"}),
    ]
    assert len({_name(), *others}) == 7


DIGESTS = [f"{number:064x}" for number in range(2**60, 2**60 * 9, 2**60)]


@pytest.fixture
def seen(images: Images) -> Images:
    """Images of which the first two digests are trained on and the third chooses the epoch."""
    return replace(
        images,
        train=replace(images.train, image_ids=image_ids(DIGESTS[:2])),
        validation=replace(images.validation, image_ids=image_ids(DIGESTS[2:3])),
    )


def _earlier(folder: Path) -> str:
    write_training_images(image_ids(DIGESTS[5:7]), str(folder / "model"))
    return str(folder / "model" / "Format-Serving")


def test_a_model_has_seen_what_it_was_trained_on_and_chosen_by(seen: Images) -> None:
    ids, notes = training_images(seen, None, None)
    np.testing.assert_array_equal(ids, image_ids(DIGESTS[:3]))
    assert notes == []


def test_with_a_warm_start_it_has_seen_that_models_images(seen: Images, tmp_path: Path) -> None:
    start = WarmStart("warm start", is_used=True)
    ids, notes = training_images(seen, start, _earlier(tmp_path))
    np.testing.assert_array_equal(ids, image_ids([*DIGESTS[:3], *DIGESTS[5:7]]))
    assert notes == ["warm start"]


def test_a_warm_start_that_took_nothing_has_shown_it_nothing(seen: Images, tmp_path: Path) -> None:
    start = WarmStart("warm start: another backbone", is_used=False)
    ids, notes = training_images(seen, start, _earlier(tmp_path))
    np.testing.assert_array_equal(ids, image_ids(DIGESTS[:3]))
    assert notes == ["warm start: another backbone"]


def test_a_warm_start_from_a_model_without_a_record(seen: Images, tmp_path: Path) -> None:
    ids, notes = training_images(seen, WarmStart("warm start", True), str(tmp_path / "m" / "S"))
    np.testing.assert_array_equal(ids, image_ids(DIGESTS[:3]))
    assert "is not recorded" in notes[1]
