"""The `data` section: where the images are and how they are split."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from components.example_gen.sources.spans import SPAN_PLACEHOLDER, parse_span
from components.example_gen.sources.split_settings import SplitSettings
from components.example_gen.sources.tfrecord.settings import TFRecordSettings
from components.images.limits import ImageLimits
from components.settings import Settings, require_local

MANIFEST_SUFFIXES = (".csv", ".jsonl")

_VERSION = r"(\d+|\*)\.(\d+|\*)\.(\d+|\*)"
# Without what TFDS calls namespaces: it looks them up over the network.
_DATASET = re.compile(rf"[A-Za-z]\w*(/[\w+.-]+)?(:{_VERSION})?", re.ASCII)


class DataSettings(Settings):
    """Where the images are, how they are split, and how much may be wrong with them."""

    source: Literal["folder", "manifest", "tfrecord", "tfds", "digits"] = "folder"
    """`folder` of images, `manifest` of files, `tfrecord` files, `tfds` dataset, or `digits`."""
    name: str | None = None
    """TFDS dataset: `DATASET` or `DATASET/CONFIG`, either with `:VERSION`, as `mnist:3.0.1`."""
    path: str | None = None
    """Folder of images or TFRecords, manifest, or TFDS' data folder (empty: TFDS' own default).

    `{SPAN}` in it stands for a number or a date, newest first.
    """
    span: Annotated[int, Field(ge=0), BeforeValidator(parse_span)] | None = None
    """Span to take where `path` contains `{SPAN}`, as 12 or 2026-11-30; empty takes the newest."""
    span_marker: str | None = None
    """File in the folder of a complete span, as `_SUCCESS`; those without it are not taken."""
    empty_span: Literal["fail", "skip"] = "fail"
    """What a newest span without files does: stops the run, or the newest with files is taken."""
    splits: SplitSettings = SplitSettings()
    """How images are assigned to train, validation and test."""
    exclude: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Patterns of files and folders to leave out, by their paths below `path` or in the manifest.

    `*` stands for any characters, `/` included: `*.txt`, `unsure`, `*/thumbs`.
    """
    corrections: str | None = None
    """CSV file of images to relabel or drop, such as `suspect_labels.csv` once it is filled in."""
    group_pattern: str | None = None
    """Regular expression over an image's path; its named groups become features of the examples.

    It is searched for in the path below `path`: `(?P<patient>p[0-9]+)_`.
    """
    group: str | None = None
    """Column of the manifest, or name in `group_pattern`, whose images share a split: a patient."""
    tfrecord: TFRecordSettings = TFRecordSettings()
    """How the tf.Examples of source `tfrecord` are laid out."""
    near_duplicates: Literal["group", "warn", "off"] = "group"
    """Images that look alike: share a split, are only counted, or are not looked for."""
    max_bad_fraction: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Share of files that may be quarantined before the run fails, 0 to 1."""
    min_images_per_class: Annotated[int, Field(ge=1)] = 2
    """Fewest accepted images that each class needs in each split."""
    max_image_bytes: Annotated[int, Field(ge=1)] = ImageLimits.max_image_bytes
    """Largest image file that is read, in bytes; a larger one is quarantined."""
    max_image_pixels: Annotated[int, Field(ge=1)] = ImageLimits.max_image_pixels
    """Most pixels (width x height, from the header) that are decoded; 64 MP is a large camera."""
    shard_bytes: Annotated[int, Field(ge=1)] = 100 * 1024**2
    """Approximate size of a shard of tf.Examples, in bytes (TFRecord guidance: 100 MB or more)."""
    fingerprint: Literal["content", "listing"] = "content"
    """What counts as changed data: the files' bytes, or only their names, sizes and times."""
    schema_path: str | None = None
    """Curated TFDV schema (`schema.pbtxt`) to check against; empty infers it from train."""
    on_anomaly: Literal["fail", "warn"] = "fail"
    """What an anomaly in labels, sizes or formats does: stops the run, or is only reported."""

    @property
    def image_limits(self) -> ImageLimits:
        """How large an image may be."""
        return ImageLimits(self.max_image_bytes, self.max_image_pixels)

    @field_validator("name")
    @classmethod
    def _name_is_of_a_dataset(cls, name: str | None, info: ValidationInfo) -> str | None:
        source = info.data.get("source")
        if source is None:  # Invalid: whether a name is expected is not known.
            return name
        if source != "tfds" and name is not None:
            raise ValueError("only source tfds has a name; remove it, or write source: tfds")
        if source == "tfds" and name is None:
            raise ValueError("is required for source tfds; write for example cats_vs_dogs")
        if name is not None and not _DATASET.fullmatch(name):
            raise ValueError(
                "is not DATASET or DATASET/CONFIG, optionally followed by :VERSION; "
                "write for example cats_vs_dogs:4.0.1"
            )
        return name

    @field_validator("path")
    @classmethod
    def _path_exists(cls, path: str | None, info: ValidationInfo) -> str | None:
        source = info.data.get("source")
        if source is None:  # Invalid: what the path should be is not known.
            return path
        if source == "digits":
            if path is not None:
                raise ValueError("the built-in sample `digits` takes no path; remove it")
            return path
        if path is None:
            if source == "tfds":
                return path
            missing = "the manifest" if source == "manifest" else "the folder that holds the images"
            raise ValueError(f"is required; give {missing}")
        if source == "tfds":
            require_local(path)
        if source == "manifest":
            _check_manifest_name(path)
        if (info.context or {}).get("check_paths", True) and "://" not in path:
            _check_exists(path, is_file=source == "manifest")
        return path

    @field_validator("span", "span_marker")
    @classmethod
    def _span_has_a_place(cls, span: int | str | None, info: ValidationInfo) -> int | str | None:
        # An invalid path is missing here: whether it contains the placeholder is not known.
        if span is not None and "path" in info.data:
            path = info.data["path"] or ""
            if SPAN_PLACEHOLDER not in path:
                raise ValueError(
                    f"data.path has no {SPAN_PLACEHOLDER} for it; remove {info.field_name}, or "
                    f"write for example images/{SPAN_PLACEHOLDER}"
                )
        return span

    @field_validator("span_marker")
    @classmethod
    def _marker_is_a_name(cls, marker: str | None) -> str | None:
        if marker is not None and (not marker or "/" in marker):
            raise ValueError("is not the name of a file; write for example _SUCCESS")
        return marker

    @field_validator("exclude", "group", "group_pattern")
    @classmethod
    def _files_are_listed(cls, value: Any, info: ValidationInfo) -> Any:
        if value and info.data.get("source", "folder") not in ("folder", "manifest"):
            raise ValueError("only sources folder and manifest have it; remove it")
        return value

    @field_validator("group_pattern")
    @classmethod
    def _pattern_names_groups(cls, pattern: str | None) -> str | None:
        try:
            has_names = pattern is None or bool(re.compile(pattern).groupindex)
        except re.error as error:
            raise ValueError(f"is not a regular expression: {error}") from error
        if not has_names:
            raise ValueError("names no group; write for example (?P<patient>p[0-9]+)_")
        return pattern

    @field_validator("group")
    @classmethod
    def _group_is_named(cls, group: str | None, info: ValidationInfo) -> str | None:
        if group and "group_pattern" in info.data and info.data.get("source") == "folder":
            names = re.compile(info.data["group_pattern"] or "").groupindex
            if group not in names:
                raise ValueError(
                    "is not a group of data.group_pattern; write for example "
                    f"(?P<{group}>[^/]+)/[^/]+$ for the folder that an image is in"
                )
        return group

    @field_validator("tfrecord")
    @classmethod
    def _records_have_a_source(
        cls, tfrecord: TFRecordSettings, info: ValidationInfo
    ) -> TFRecordSettings:
        is_default = tfrecord == TFRecordSettings()
        if info.data.get("source", "tfrecord") != "tfrecord" and not is_default:
            raise ValueError("only source tfrecord has it; remove it, or write source: tfrecord")
        return tfrecord

    @field_validator("corrections")
    @classmethod
    def _corrections_exist(cls, path: str | None, info: ValidationInfo) -> str | None:
        checks_paths = (info.context or {}).get("check_paths", True)
        if path and checks_paths and "://" not in path:
            _check_exists(path, is_file=True)
        return path

    @field_validator("schema_path")
    @classmethod
    def _schema_exists(cls, path: str | None, info: ValidationInfo) -> str | None:
        checks_paths = (info.context or {}).get("check_paths", True)
        require_local(path)
        if path and checks_paths and not Path(path).is_file():
            raise ValueError(f"no such file: {Path(path).absolute()}")
        return path


def _check_manifest_name(path: str) -> None:
    if not path.lower().endswith(MANIFEST_SUFFIXES):
        raise ValueError("is not a manifest; name a file that ends in .csv or .jsonl")
    if SPAN_PLACEHOLDER in path.rpartition("/")[2]:
        raise ValueError(
            f"{SPAN_PLACEHOLDER} stands for a folder; write for example "
            f"images/{SPAN_PLACEHOLDER}/manifest.csv"
        )


def _check_exists(path: str, is_file: bool) -> None:
    """Checks that there is such a file or folder; of a path with `{SPAN}`, what is before it."""
    before, span, _ = path.partition(SPAN_PLACEHOLDER)
    if is_file and not span:
        if not Path(path).is_file():
            raise ValueError(f"no such file: {Path(path).absolute()}")
        return
    folder = Path(before) if before.endswith("/") or not span else Path(before).parent
    if not folder.is_dir():
        raise ValueError(f"no such folder: {folder.absolute()}")
