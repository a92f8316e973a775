"""Images of noise and of clouds; folders and TFDS datasets of them."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image


def encode_image(seed: int, image_format: str = "PNG", size: tuple[int, int] = (8, 6)) -> bytes:
    """An image of noise, another for every seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, image_format)
    return buffer.getvalue()


def draw_clouds(seed: int, size: tuple[int, int] = (300, 203)) -> Image.Image:
    """An image of clouds: noise whose large structures are strong, as in photos."""
    noise = np.random.default_rng(seed).normal(size=(256, 256, 3))
    far = np.hypot(*np.meshgrid(np.fft.fftfreq(256), np.fft.fftfreq(256)))[..., None]
    clouds = np.fft.ifft2(np.fft.fft2(noise, axes=(0, 1)) / (far + 0.01) ** 1.3, axes=(0, 1)).real
    scaled = (clouds - clouds.min()) / np.ptp(clouds) * 255
    return Image.fromarray(scaled.astype(np.uint8)).resize(size)


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
