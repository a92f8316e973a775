"""The folder that all nodes share: on a mounted volume, or in a bucket."""

from pathlib import Path

import pytest

from components.errors import UserError
from pipeline.config.schema import PipelineConfig
from pipeline.run.paths import open_run, open_workspace


def build_config(**push: str) -> PipelineConfig:
    return PipelineConfig.model_validate(
        {
            "data": {"source": "digits"},
            "gate": {"min_accuracy": 0.9},
            "push": {"model_name": "pets", **push},
        }
    )


def test_mounted_folder(tmp_path: Path) -> None:
    workspace, config = open_workspace(str(tmp_path)), build_config()
    assert workspace.artifacts(config) == f"{tmp_path}/artifacts/pets"
    assert workspace.serving(config) == f"{tmp_path}/serving/pets"
    assert workspace.checkpoints(config) == f"{tmp_path}/checkpoints/pets"
    assert workspace.sample == tmp_path / "samples" / "digits"
    assert workspace.metadata(config) == tmp_path / "metadata.sqlite"


def test_bucket() -> None:
    workspace, config = open_workspace("gs://bucket/team/"), build_config()
    assert workspace.artifacts(config) == "gs://bucket/team/artifacts/pets"
    assert workspace.serving(config) == "gs://bucket/team/serving/pets"
    assert workspace.checkpoints(config) == "gs://bucket/team/checkpoints/pets"
    # One node writes and reads it.
    assert workspace.sample.is_absolute() and "gs:" not in str(workspace.sample)


def test_serving_elsewhere(tmp_path: Path) -> None:
    workspace = open_workspace(str(tmp_path))
    assert workspace.serving(build_config(folder="gs://b/pets")) == "gs://b/pets"
    assert open_workspace("gs://b").serving(build_config(folder="/mnt/pets")) == "/mnt/pets"


@pytest.mark.parametrize(
    ("root", "message", "hint"),
    [
        ("workspace", "not an absolute path", "/MOUNTED/FOLDER"),
        ("", "not an absolute path", "/MOUNTED/FOLDER"),
        ("gs://", "names no bucket", "gs://BUCKET"),
        ("gs:///x", "names no bucket", "gs://BUCKET"),
        ("s3://bucket/x", "no file system for s3://", "CSI driver"),
        ("minio://bucket/x", "no file system for minio://", "Mount the bucket"),
        ("hdfs://host/x", "no file system for hdfs://", "gs://BUCKET/FOLDER"),
    ],
)
def test_other_roots_are_refused_with_what_to_do(root: str, message: str, hint: str) -> None:
    with pytest.raises(UserError) as caught:
        open_workspace(root)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


def test_a_run_from_a_clock_in_the_future_does_not_stay_the_newest(tmp_path: Path) -> None:
    for name in ("20991231T235959Z-5d30", "notes", "99991231T235959Z-0000"):
        (tmp_path / "runs" / name).mkdir(parents=True)
    names = [open_run(tmp_path, build_config()).run_id for _ in range(3)]
    assert names == sorted(names) and names[0].startswith("21000101T000000Z-")
