"""A prepared TFDS dataset of a few images, under the name and the version of a known one."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds

VERSION = "4.0.1"


def prepare_cats_vs_dogs(data_dir: Path, folders: Sequence[Path]) -> Path:
    """Prepares `cats_vs_dogs` from images of one's own, without a network.

    Args:
        data_dir: TFDS' folder, as `tfds.load(..., data_dir=...)` takes it.
        folders: The images of a class each: first those called "cat", then those called "dog".

    Returns:
        `data_dir`.
    """
    # TFDS knows the dataset; a second class of its name is not to be registered.
    with tfds.core.registered.skip_registration():

        class CatsVsDogs(tfds.core.GeneratorBasedBuilder):
            """The features of TFDS' own `cats_vs_dogs`."""

            name = "cats_vs_dogs"
            VERSION = tfds.core.Version(VERSION)

            def _info(self) -> tfds.core.DatasetInfo:
                features = {
                    "image": tfds.features.Image(),
                    "image/filename": tfds.features.Text(),
                    "label": tfds.features.ClassLabel(names=["cat", "dog"]),
                }
                return self.dataset_info_from_configs(
                    features=tfds.features.FeaturesDict(features),
                    supervised_keys=("image", "label"),
                )

            def _split_generators(self, dl_manager: object) -> dict[str, Any]:
                return {"train": self._generate_examples()}

            def _generate_examples(self) -> Iterator[tuple[str, dict[str, Any]]]:
                for label, folder in enumerate(folders):
                    for file in sorted(folder.iterdir()):
                        name = f"{folder.name}/{file.name}"
                        yield name, {"image": file, "image/filename": name, "label": label}

    CatsVsDogs(data_dir=data_dir).download_and_prepare()
    return data_dir
