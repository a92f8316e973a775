"""Folders and datasets of small images, and an ingest of them without TFX around it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import artifact_utils, standard_artifacts

from components.example_gen import driver
from components.example_gen.executor import Executor
from components.example_gen.settings import DataSettings


def encode_image(seed: int, image_format: str = "PNG", size: tuple[int, int] = (8, 6)) -> bytes:
    """An image of noise, another for every seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, image_format)
    return buffer.getvalue()


def write_images(folder: Path, count: int = 40, labels: str = "ab", seed: int = 0) -> Path:
    """Writes `count` images for each label, all different."""
    for index, label in enumerate(labels):
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            contents = encode_image(seed * 10**6 + index * 10**4 + number)
            (folder / label / f"{number:03d}.png").write_bytes(contents)
    return folder


def tfds_records(start: int, count: int) -> list[dict[str, Any]]:
    """Records of a TFDS dataset of two classes by turns, each with another image."""
    images = (encode_image(seed) for seed in range(start, start + count))
    return [{"image": BytesIO(p), "label": n % 2} for n, p in enumerate(images)]


def prepare_tfds(
    data_dir: Path,
    splits: Mapping[str, Sequence[Mapping[str, Any]]],
    features: Mapping[str, Any] | None = None,
    supervised_keys: tuple[str, str] | None = ("image", "label"),
    version: str = "1.0.0",
    file_format: str = "tfrecord",
) -> Path:
    """Has TFDS write a dataset `pets`, whose splits have three shards each."""
    given = features or {
        "image": tfds.features.Image(),
        "label": tfds.features.ClassLabel(names=["cat", "dog"]),
    }

    class Pets(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
        VERSION = tfds.core.Version(version)

        def _info(self) -> Any:
            return tfds.core.DatasetInfo(
                builder=self,
                features=tfds.features.FeaturesDict(given),
                supervised_keys=supervised_keys,
            )

        def _split_generators(self, dl_manager: Any) -> Any:
            return {name: enumerate(records) for name, records in splits.items()}

        def _generate_examples(self) -> Any:
            raise NotImplementedError

    config = tfds.download.DownloadConfig(num_shards=3, try_download_gcs=False)
    tfds.disable_progress_bar()
    Pets(data_dir=str(data_dir)).download_and_prepare(
        download_config=config, file_format=file_format
    )
    return data_dir


@dataclass
class Ingested:
    """The Examples artifact of an ingest, read back."""

    root: Path
    split_names: list[str]

    @property
    def summary(self) -> dict[str, Any]:
        return dict(json.loads((self.root / "ingest.json").read_text()))

    @property
    def quarantine(self) -> list[dict[str, Any]]:
        lines = (self.root / "quarantine.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    @property
    def reasons(self) -> dict[str, str]:
        return {row["path"]: row["reason"] for row in self.quarantine}

    def shards(self, split: str) -> list[Path]:
        return sorted((self.root / f"Split-{split}").iterdir())

    def examples(self, split: str) -> list[dict[str, Any]]:
        dataset = tf.data.TFRecordDataset([str(p) for p in self.shards(split)], "GZIP")
        return [_read_example(record) for record in dataset.as_numpy_iterator()]

    def names(self, split: str) -> set[str]:
        return {example["image/filename"].decode() for example in self.examples(split)}


def _read_example(record: bytes) -> dict[str, Any]:
    features = tf.train.Example.FromString(record).features.feature
    return {
        name: (feature.bytes_list.value or feature.int64_list.value)[0]
        for name, feature in features.items()
    }


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
