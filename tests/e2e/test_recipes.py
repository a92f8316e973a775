"""Every recipe of configs/recipes: its header, and a run of a few steps on tiny data.

`tf_tutorial_tfds` is not run: it has the data of `keras_guide` and the network of `tf_tutorial`.
"""

import re
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import tensorflow as tf

from pipeline.config.load import load_config
from pipeline.config.schema import PipelineConfig
from tests.e2e.runs import run_pipeline, write_images
from tests.fakes.tiny_tfds import prepare_cats_vs_dogs
from tests.repository import REPOSITORY

pytestmark = pytest.mark.long(8)

RECIPES = {file.stem: file for file in sorted(REPOSITORY.glob("configs/recipes/*.yaml"))}

# The smallest images, in pixels, that the network of each recipe that is run takes.
IMAGE_SIZES = {
    "feature_extraction": 32,
    "freeze_auto": 32,
    "keras_guide": 71,
    "tf_tutorial": 32,
    "vgg16_block5_pool": 32,
    "vgg16_fully_connected": 224,
    "vgg16_without_top": 32,
}
SHARES = {"train": (0.0, 0.5), "validation": (0.5, 0.8), "test": (0.8, 1.0)}


@pytest.fixture
def workspace() -> Iterator[Path]:
    """A workspace that is deleted afterwards: with VGG16 it takes gigabytes."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.mark.parametrize("name", RECIPES)
def test_header_names_source_score_and_command(name: str) -> None:
    head = re.match(r"(?:#.*\n)+", RECIPES[name].read_text())
    assert head
    text = " ".join(line.lstrip("# ").rstrip("\\") for line in head[0].splitlines())
    assert re.match(r"Recipe [1-8][:,]", text)
    assert " Source: " in text
    assert re.search(r" (It reports|They report|It says)[ :,]", text)
    assert " Differences here: " in text
    command = re.search(r"python -m pipeline run (\S+)((?: +--set \S+)*)", text)
    assert command
    assert REPOSITORY / command[1] == RECIPES[name]
    options = shlex.split(command[2])
    load_config(RECIPES[name], options[1::2], check_paths=False)


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", IMAGE_SIZES)
def test_recipe_runs_through_the_whole_pipeline(name: str, tmp_path: Path, workspace: Path) -> None:
    config = load_config(RECIPES[name], check_paths=False)
    data = lay_out(config, tmp_path)
    run = run_pipeline(
        RECIPES[name],
        workspace,
        f"data.path={data}",
        "model.weights=none",
        f"transform.image_size={IMAGE_SIZES[name]}",
        "trainer.batch_size=16",
        "data.min_images_per_class=1",
        "gate.min_accuracy=0.01",
        "serving_check.calls=20",
        *(f"trainer.stages[{index}].epochs=1" for index in range(len(config.trainer.stages))),
    )
    assert (run.exit_code, run.summary.get("outcome")) == (0, "pushed"), run.output
    stages = run.summary["stages"]
    assert [stage["name"] for stage in stages] == [stage.name for stage in config.trainer.stages]
    assert all(stage["epochs"] == 1 for stage in stages)
    is_auto = [stage.freeze == "auto" for stage in config.trainer.stages]
    assert [bool(stage["freeze_reason"]) for stage in stages] == is_auto

    model = tf.saved_model.load(run.summary["pushed"]["path"])
    contents = [file.read_bytes() for file in sorted(tmp_path.rglob("*.png"))[:3]]
    scores = model.signatures["serving_default"](image_bytes=tf.constant(contents))["scores"]
    assert scores.shape == (3, 2)
    assert tf.reduce_sum(scores, axis=1).numpy() == pytest.approx(1, abs=1e-5)


def lay_out(config: PipelineConfig, folder: Path) -> Path:
    """Arranges a few digits as a recipe expects its images.

    Returns:
        What `data.path` must be.
    """
    images = write_images(folder / "images")
    if config.data.source == "tfds":
        return prepare_cats_vs_dogs(folder / "tfds", sorted(images.iterdir()))
    named = {name: s for name, s in config.data.splits.by_name.items() if isinstance(s, str)}
    if not named:
        return images
    for label in list(images.iterdir()):
        files = sorted(label.iterdir())
        for split, split_folder in named.items():
            first, last = (int(share * len(files)) for share in SHARES[split])
            target = folder / "splits" / split_folder / label.name
            target.mkdir(parents=True)
            for file in files[first:last]:
                file.rename(target / file.name)
    return folder / "splits"
