"""Real photos and real weights, from the folder beside the project."""

import shutil
from pathlib import Path

import pytest

from tests.e2e.runs import run_pipeline
from tests.repository import REPOSITORY

# Several whole runs a test: minutes, on a busy machine many.
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.long(9)]

WEIGHTS = "weights/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.REBUILT.h5"


def test_cats_and_dogs(shared_dir: Path, tmp_path: Path) -> None:
    run = run_pipeline(
        REPOSITORY / "configs" / "cats_vs_dogs.yaml",
        tmp_path / "workspace",
        f"data.path={shared_dir / 'data/cats_vs_dogs'}",
        f"model.weights={shared_dir / WEIGHTS}",
    )
    assert run.exit_code == 0, run.output
    assert run.summary["images"] == {
        "found": 2002,
        "accepted": 2002,
        "quarantined": 0,
        "quarantined_by_reason": {},
        "quarantine_path": run.summary["images"]["quarantine_path"],
        "corrections": {},
        "converted": {},
        "first_frames": 0,
        "copies": 0,
        "near_duplicates": 1,  # dog.74 and dog.180 are one photo
        "near_duplicates_across_splits": 0,
    }
    assert run.summary["test"]["examples"] >= 300
    assert run.summary["test"]["accuracy"] >= 0.96


def test_flowers(shared_dir: Path, tmp_path: Path) -> None:
    run = run_pipeline(
        REPOSITORY / "configs" / "flowers.yaml",
        tmp_path / "workspace",
        f"data.path={shared_dir / 'data/flower_photos'}",
        f"model.weights={shared_dir / WEIGHTS}",
    )
    assert run.exit_code == 0, run.output
    assert len(run.summary["classes"]) == 5
    assert run.summary["test"]["accuracy"] >= 0.80


def test_a_folder_of_few_photos(shared_dir: Path, tmp_path: Path) -> None:
    for name in ("daisy", "roses", "tulips"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for photo in sorted((shared_dir / "data/flower_photos" / name).iterdir())[:60]:
            shutil.copy(photo, tmp_path / "pets" / name)
    smaller = "transform.image_size=160", "serving_check.calls=50"
    settings = f"model.weights={shared_dir / WEIGHTS}", *smaller
    run = run_pipeline(tmp_path / "pets", tmp_path / "workspace", *settings)
    assert run.exit_code == 0, run.output
    assert f"Wrote {tmp_path}/pets.yaml for the 180 files in 3 classes" in run.output
    assert run.summary["test"]["accuracy"] >= 0.8
    assert run.summary["config_path"] == str(tmp_path / "pets.yaml")
    again = run_pipeline(tmp_path / "pets", tmp_path / "workspace", *settings)
    assert (again.exit_code, again.summary["outcome"]) == (0, "unchanged"), again.output
    assert f"The configuration of {tmp_path}/pets is {tmp_path}/pets.yaml." in again.output
