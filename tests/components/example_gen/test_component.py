"""ImageExampleGen in a pipeline, with metadata and cache."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow_datasets as tfds
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner

from components.example_gen.component import ImageExampleGen
from components.example_gen.settings import DataSettings
from components.example_gen.sources.errors import IngestError


class Workspace:
    """A pipeline of ImageExampleGen alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = metadata.sqlite_metadata_connection_config(str(folder / "metadata.db"))

    def run(self, **settings: Any) -> str:
        """Runs it and returns the state of the execution."""
        component = ImageExampleGen(
            DataSettings.model_validate(settings), sample_path=str(self.folder / "digits")
        )
        LocalDagRunner().run(
            pipeline.Pipeline(
                "test",
                str(self.folder / "root"),
                components=[component],
                enable_cache=True,
                metadata_connection_config=self.config,
            )
        )
        with metadata.Metadata(self.config) as store:
            last = max(store.store.get_executions(), key=lambda execution: execution.id)
        return str(metadata_store_pb2.Execution.State.Name(last.last_known_state))

    @property
    def examples(self) -> metadata_store_pb2.Artifact:
        with metadata.Metadata(self.config) as store:
            return max(store.store.get_artifacts_by_type("Examples"), key=lambda a: a.id)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def test_second_run_comes_from_the_cache(
    tmp_path: Path, workspace: Workspace, write_classes: Callable[..., Path]
) -> None:
    data = write_classes(tmp_path / "data")
    assert workspace.run(path=str(data), max_bad_fraction=0.1) == "COMPLETE"
    assert workspace.run(path=str(data), max_bad_fraction=0.1, on_anomaly="warn") == "CACHED"
    image = data / "a" / "000.png"
    times = image.stat()
    image.write_bytes(image.read_bytes()[:-1] + b"\x00")
    os.utime(image, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert workspace.run(path=str(data), max_bad_fraction=0.1) == "COMPLETE"


def test_newest_span_is_on_the_artifact(
    tmp_path: Path, workspace: Workspace, write_classes: Callable[..., Path]
) -> None:
    write_classes(tmp_path / "data" / "span-01", seed=1)
    path = str(tmp_path / "data" / "span-{SPAN}")
    assert workspace.run(path=path) == "COMPLETE"
    assert workspace.examples.properties["span"].int_value == 1
    write_classes(tmp_path / "data" / "span-02", seed=2)
    assert workspace.run(path=path) == "COMPLETE"
    examples = workspace.examples
    assert examples.properties["span"].int_value == 2
    assert examples.properties["split_names"].string_value == '["train", "validation", "test"]'
    assert len(examples.custom_properties["input_fingerprint"].string_value) == 64
    shutil.rmtree(tmp_path / "data" / "span-02")
    assert workspace.run(path=path) == "CACHED"


def test_errors_pass_through_the_runner(tmp_path: Path, workspace: Workspace) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(IngestError, match="there is no class folder in"):
        workspace.run(path=str(tmp_path / "data"))
    with pytest.raises(IngestError, match="no folder matches"):
        workspace.run(path=str(tmp_path / "data" / "{SPAN}"))


def test_the_built_in_sample(workspace: Workspace) -> None:
    assert workspace.run(source="digits") == "COMPLETE"
    assert len(list((workspace.folder / "digits").glob("*/*.png"))) == 1797
    assert workspace.run(source="digits") == "CACHED"


def test_the_sample_overwrites_nothing(tmp_path: Path, workspace: Workspace) -> None:
    (tmp_path / "digits").mkdir()
    (tmp_path / "digits" / "holiday.jpg").touch()
    with pytest.raises(IngestError, match="cannot write the built-in sample: .*holiday.jpg"):
        workspace.run(source="digits")


def test_a_manifest(
    tmp_path: Path, workspace: Workspace, write_classes: Callable[..., Path]
) -> None:
    data = write_classes(tmp_path / "data")
    rows = [f"data/{p.parent.name}/{p.name},{p.parent.name}\n" for p in sorted(data.glob("*/*"))]
    manifest = tmp_path / "images.csv"
    manifest.write_text("path,label\n" + "".join(rows))
    settings = {"source": "manifest", "path": str(manifest)}
    assert workspace.run(**settings) == "COMPLETE"
    (data / "a" / "unlisted.png").touch()
    assert workspace.run(**settings) == "CACHED"
    (data / "a" / "000.png").write_bytes((data / "b" / "000.png").read_bytes())
    with pytest.raises(IngestError, match="2 two_labels"):
        workspace.run(**settings)
    manifest.write_text("path,label\n" + "".join(rows[1:]))
    assert workspace.run(**settings) == "COMPLETE"
    manifest.write_text("path\n")
    with pytest.raises(IngestError, match="line 1 of .*images.csv has no label"):
        workspace.run(**settings)


def test_a_tfds_dataset(tmp_path: Path, workspace: Workspace, pets: Path) -> None:
    data = tmp_path / "tfds"
    shutil.copytree(pets, data)
    settings = {"source": "tfds", "name": "pets", "path": str(data)}
    assert workspace.run(**settings) == "COMPLETE"
    (data / "other" / "1.0.0").mkdir(parents=True)
    (data / "other" / "1.0.0" / "dataset_info.json").touch()
    assert workspace.run(**settings) == "CACHED"
    (data / "pets" / "1.0.0" / "label.labels.txt").write_text("puss\nhound\n")
    assert workspace.run(**settings) == "COMPLETE"
    splits = {"train": "train[:50%]", "validation": "train[50%:]", "test": "validation"}
    with pytest.raises(IngestError, match="data.splits.test is 'validation': Unknown split"):
        workspace.run(**settings, splits=splits)
    assert workspace.run(**settings, splits=splits | {"test": "test"}) == "COMPLETE"


def test_the_folder_that_tfds_uses_by_itself(
    workspace: Workspace, pets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(pets))
    assert workspace.run(source="tfds", name="pets") == "COMPLETE"
    assert workspace.examples.custom_properties["input_fingerprint"].string_value


def test_needs_a_path() -> None:
    with pytest.raises(ValueError, match="needs sample_path for source digits"):
        ImageExampleGen(DataSettings(source="digits"))
