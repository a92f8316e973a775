"""The `data.tfrecord` section: how the tf.Examples of TFRecords are laid out."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from components import feature_keys
from components.settings import Settings

FeatureName = Annotated[str, Field(min_length=1)]


class TFRecordSettings(Settings):
    """Which features of a tf.Example hold the image and its class, and what numbers mean."""

    image: FeatureName = feature_keys.IMAGE
    """Feature with the bytes of the image file, as `image` in files of TFDS and of Kaggle."""
    label: FeatureName = feature_keys.LABEL_NUMBER
    """Feature with the class, a whole number or a text, as `label` or `class`."""
    text: FeatureName = feature_keys.LABEL
    """Feature with the class by name; where a record has it, it comes before `label`."""
    label_file: str | None = None
    """File that names the classes: a name a line, `NUMBER:NAME` lines, or a `.pbtxt` label map.

    Empty: a number is its own name.
    """

    @field_validator("label_file")
    @classmethod
    def _label_file_exists(cls, path: str | None, info: ValidationInfo) -> str | None:
        checks_paths = (info.context or {}).get("check_paths", True)
        if path and checks_paths and "://" not in path and not Path(path).is_file():
            raise ValueError(f"no such file: {Path(path).absolute()}")
        return path
