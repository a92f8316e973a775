"""Folders and datasets of small images, and an ingest of them without TFX around it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import artifact_utils, standard_artifacts

from components.example_gen import driver
from components.example_gen.executor import Executor
from components.example_gen.settings import DataSettings
from tests.fakes.image_data import encode_image, prepare_tfds, tfds_records, write_images
from tests.fakes.ingested import Ingested


@pytest.fixture
def encode() -> Callable[..., bytes]:
    return encode_image


@pytest.fixture
def write_classes() -> Callable[..., Path]:
    return write_images


@pytest.fixture
def make_records() -> Callable[..., list[dict[str, Any]]]:
    return tfds_records


@pytest.fixture
def make_tfds() -> Callable[..., Path]:
    return prepare_tfds


@pytest.fixture(scope="session")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A TFDS folder with the dataset `pets`: 200 records in `train`, 60 in `test`."""
    splits = {"train": tfds_records(0, 200), "test": tfds_records(1000, 60)}
    return prepare_tfds(tmp_path_factory.mktemp("tensorflow_datasets"), splits)


@pytest.fixture
def ingest(tmp_path: Path) -> Callable[..., Ingested]:
    """Runs driver's resolution and the executor on a folder; keywords are `data` settings."""
    runs = iter(range(1000))

    def run(path: Path, beam_args: Sequence[str] = (), **settings: Any) -> Ingested:
        work = tmp_path / f"ingest-{next(runs)}"
        parsed = DataSettings.model_validate({"path": str(path), **settings})
        properties = {"settings": parsed.model_dump_json(by_alias=True), "path": str(path)}
        properties |= driver.resolve(properties)
        artifact = standard_artifacts.Examples()
        artifact.uri = str(work / "examples")
        context = BaseBeamExecutor.Context(
            beam_pipeline_args=list(beam_args), tmp_dir=str(work / "tmp"), unique_id="1"
        )
        Executor(context).Do({}, {"examples": [artifact]}, properties)
        names = artifact_utils.decode_split_names(artifact.split_names)
        return Ingested(Path(artifact.uri), names)

    return run
