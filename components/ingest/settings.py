"""The `data` section: where the pictures are and how they are split."""

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator
from typing_extensions import Doc

from components.settings import Settings, require_local

SPLIT_NAMES = ("train", "validation", "test")
SPAN_PLACEHOLDER = "{SPAN}"

Fraction = Annotated[float, Field(gt=0, lt=1)]


class Carve(Settings):
    """A split that is carved out of another split's folder, by a hash of each picture's bytes."""

    source: Literal["train", "validation", "test"] = Field(alias="from")
    """Split whose folder is divided."""
    fraction: Fraction
    """Share of that folder's pictures that goes to this split, 0 to 1."""


Split = Fraction | Carve | Annotated[str, Doc("folder name")]


class SplitSettings(Settings):
    """Either three fractions (folder per class), or folder names, each with folders per class."""

    train: Split = 0.7
    """Share of the pictures (0 to 1), or the name of the training folder."""
    validation: Split = 0.15
    """Share, folder name, or `{from: SPLIT, fraction: F}` to carve it out of another split."""
    test: Split = 0.15
    """Share, folder name, or `{from: SPLIT, fraction: F}` to carve it out of another split."""

    @property
    def has_folders(self) -> bool:
        """Whether the splits are folders of their own, rather than fractions of one folder."""
        return any(isinstance(split, str) for split in self.by_name.values())

    @property
    def by_name(self) -> dict[str, Split]:
        """The three splits, in the order train, validation, test."""
        return {name: getattr(self, name) for name in SPLIT_NAMES}

    @model_validator(mode="after")
    def _is_coherent(self) -> "SplitSettings":
        splits = self.by_name
        fractions = [split for split in splits.values() if isinstance(split, float)]
        if fractions and len(fractions) < len(splits):
            raise ValueError(
                "mixes fractions with folders; give three fractions, or folder names and "
                "`{from: SPLIT, fraction: F}` for what has no folder"
            )
        if fractions and not math.isclose(sum(fractions), 1, abs_tol=1e-6):
            raise ValueError(f"the fractions add up to {sum(fractions):g}; they must add up to 1")
        for name, split in splits.items():
            if isinstance(split, Carve) and not isinstance(splits[split.source], str):
                raise ValueError(
                    f"{name} is carved from {split.source}, which is no folder; "
                    "carve from a split that names a folder"
                )
        carved: dict[str, float] = {}
        for split in splits.values():
            if isinstance(split, Carve):
                carved[split.source] = carved.get(split.source, 0) + split.fraction
        for source, share in carved.items():
            if share >= 1:
                raise ValueError(
                    f"the splits carved from {source} take {share:g} of it; leave it something"
                )
        folders = [split for split in splits.values() if isinstance(split, str)]
        if len(set(folders)) < len(folders):
            raise ValueError("two splits name the same folder; use `{from: SPLIT, fraction: F}`")
        return self


class DataSettings(Settings):
    """Where the pictures are, how they are split, and how much may be wrong with them."""

    source: Literal["folder", "tfrecord", "digits"] = "folder"
    """`folder` of pictures, `tfrecord` files of tf.Examples, or the built-in sample `digits`."""
    path: str | None = None
    """Folder with the pictures or TFRecords; `{SPAN}` in it stands for a number, newest first."""
    span: Annotated[int, Field(ge=0)] | None = None
    """Span to take where `path` contains `{SPAN}`; empty takes the newest (highest) one."""
    splits: SplitSettings = SplitSettings()
    """How train, validation and test are told apart."""
    max_bad_fraction: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Share of files that may be quarantined before the run fails, 0 to 1."""
    min_images_per_class: Annotated[int, Field(ge=1)] = 2
    """Fewest accepted pictures that each class needs in each split."""
    max_image_bytes: Annotated[int, Field(ge=1)] = 64 * 1024**2
    """Largest picture file that is read, in bytes; a larger one is quarantined."""
    max_image_pixels: Annotated[int, Field(ge=1)] = 64_000_000
    """Most pixels (width x height, from the header) that are decoded; 64 MP is a large camera."""
    shard_bytes: Annotated[int, Field(ge=1)] = 100 * 1024**2
    """Approximate size of a shard of tf.Examples, in bytes (TFRecord guidance: 100 MB or more)."""
    fingerprint: Literal["content", "listing"] = "content"
    """What counts as changed data: the files' bytes, or only their names, sizes and times."""
    schema_path: str | None = None
    """Curated TFDV schema (`schema.pbtxt`) to check against; empty infers it from train."""
    on_anomaly: Literal["fail", "warn"] = "fail"
    """What an anomaly in labels, sizes or formats does: stops the run, or is only reported."""

    @field_validator("path")
    @classmethod
    def _path_exists(cls, path: str | None, info: ValidationInfo) -> str | None:
        source = info.data.get("source")
        if source is None:  # It was refused: what the path should be is not known.
            return path
        if source == "digits":
            if path is not None:
                raise ValueError("the built-in sample `digits` takes no path; remove it")
            return path
        if path is None:
            raise ValueError("is required; give the folder that holds the pictures")
        checks_paths = (info.context or {}).get("check_paths", True)
        if checks_paths and "://" not in path:
            folder = Path(path.split(SPAN_PLACEHOLDER)[0] if SPAN_PLACEHOLDER in path else path)
            if SPAN_PLACEHOLDER in path and not path.split(SPAN_PLACEHOLDER)[0].endswith("/"):
                folder = folder.parent
            if not folder.is_dir():
                raise ValueError(f"no such folder: {folder.absolute()}")
        return path

    @field_validator("schema_path")
    @classmethod
    def _schema_exists(cls, path: str | None, info: ValidationInfo) -> str | None:
        checks_paths = (info.context or {}).get("check_paths", True)
        require_local(path)
        if path and checks_paths and not Path(path).is_file():
            raise ValueError(f"no such file: {Path(path).absolute()}")
        return path
