"""Images of a TFDS dataset: its TFRecord files are read directly, image bytes unchanged."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.listing import Found, Listing, RecordFields, is_label
from components.example_gen.sources.split_settings import SplitSettings
from components.example_gen.sources.tfds_folder import tfds_cause
from components.example_gen.sources.tfds_slices import describe_unused, resolve_slices, whole_splits
from components.example_gen.sources.tfrecord.records import Record, list_records
from components.printable import printable


def list_tfds(folder: str, splits: SplitSettings) -> Listing:
    """Lists the records of one version of a prepared dataset, in its folder.

    Splits that are names take those slices; fractions are taken of all splits together.

    Raises:
        IngestError: If it is not a dataset of labelled images in TFRecord files, is incomplete, or
            has no such slices.
    """
    info = _open(folder)
    fields = find_fields(info)
    names = {split: its for split, its in splits.by_name.items() if isinstance(its, str)}
    slices = resolve_slices(names, info.splits) if names else whole_splits(info.splits)
    records = {name: _list_split(info.splits[name]) for name in {part.source for part in slices}}
    images = [
        Found(name, path, None, part.target, *record)
        for part in slices
        for name, path, record in records[part.source][part.start : part.stop]
    ]
    return Listing(images, unused=describe_unused(slices, info.splits), fields=fields)


def _open(folder: str) -> Any:
    """Reads a dataset's `tfds.core.DatasetInfo`, and checks that its files can be read."""
    import tensorflow_datasets as tfds

    try:
        info = tfds.builder_from_directory(folder).info
    except Exception as error:  # A damaged file raises whatever its parser does.
        raise IngestError(
            f"cannot open the TFDS dataset in {folder}: {tfds_cause(error)}.",
            "Remove this folder and prepare the dataset again.",
        ) from error
    if info.file_format != tfds.core.FileFormat.TFRECORD:
        raise IngestError(
            f"the TFDS dataset {info.full_name} is stored as {info.file_format.file_suffix}; only "
            "tfrecord can be read.",
            "Prepare it in another folder, with download_and_prepare(file_format='tfrecord').",
        )
    if not info.splits:
        raise IngestError(f"the TFDS dataset {info.full_name} has no records.", "Prepare it again.")
    return info


def find_fields(info: Any) -> RecordFields:
    """Finds out which features hold the image and its class.

    They are the dataset's supervised keys, or else those that are called `image` and `label`.

    Raises:
        IngestError: If there are none, or a class has a name that cannot be a label.
    """
    import tensorflow_datasets as tfds

    features = info.features if isinstance(info.features, tfds.features.FeaturesDict) else {}
    keys = info.supervised_keys
    for image, label in [keys[:2], ("image", "label")] if keys else [("image", "label")]:
        if _is_image(features, image) and _is_class(features, label):
            return RecordFields(image, label, label, _class_names(info, features[label]))
    listed = ", ".join(f"{name} ({_describe(kind)})" for name, kind in sorted(features.items()))
    raise IngestError(
        f"the TFDS dataset {info.full_name} does not contain images with one class each; it has "
        f"the features {listed or info.features}.",
        "Take one with an image (an Image of 8 or 16 bits) and a class (a ClassLabel, a text or a "
        "whole number): they are its supervised keys, or are called image and label.",
    )


def _is_image(features: Mapping[str, Any], name: Any) -> bool:
    """Whether a feature is stored as an image; an Image of floats is packed into a PNG's bits."""
    import tensorflow_datasets as tfds

    feature = features[name] if isinstance(name, str) and name in features else None
    return isinstance(feature, tfds.features.Image) and _dtype(feature).kind == "u"


def _is_class(features: Mapping[str, Any], name: Any) -> bool:
    import tensorflow_datasets as tfds

    feature = features[name] if isinstance(name, str) and name in features else None
    is_text = isinstance(feature, tfds.features.Text)
    is_number = (
        isinstance(feature, tfds.features.Tensor)
        and feature.shape == ()
        and _dtype(feature).kind in "iu"
    )
    return is_text or is_number


def _class_names(info: Any, feature: Any) -> dict[int, str]:
    """The names of the classes by their numbers; empty where numbers have none."""
    import tensorflow_datasets as tfds

    if not isinstance(feature, tfds.features.ClassLabel) or not feature.num_classes:
        return {}
    names = tuple(feature.names)
    wrong = [name for name, uses in Counter(names).items() if not is_label(name) or uses > 1]
    if wrong:
        raise IngestError(
            f"the TFDS dataset {info.full_name} has classes whose names cannot be labels: {wrong}.",
            "Each class needs a printable name of its own; fix the file with the names.",
        )
    return dict(enumerate(names))


def _describe(feature: Any) -> str:
    kind = type(feature).__name__
    return kind if isinstance(feature.np_dtype, dict) else f"{kind} of {_dtype(feature)}"


def _dtype(feature: Any) -> np.dtype[Any]:
    return np.dtype(feature.np_dtype)


def _list_split(split: Any) -> list[tuple[str, str, Record]]:
    """Lists name, path and position of every record of a split, in its order."""
    listed = []
    for path, count in zip(split.filepaths, split.shard_lengths, strict=True):
        records = _list_file(str(path), count)
        listed += [
            (printable(f"{path.name}#{number}"), str(path), r) for number, r in enumerate(records)
        ]
    return listed


def _list_file(path: str, count: int) -> list[Record]:
    if not count:
        return []  # TFDS writes no file for an empty shard.
    try:
        records = list(list_records(path))
    except OSError as error:
        raise IngestError(
            f"cannot read {path}: {error.strerror or error}.",
            "The dataset is incomplete: prepare or copy it again.",
        ) from error
    if len(records) != count:
        raise IngestError(
            f"{path} has {len(records):,} records; its dataset_info.json says {count:,}.",
            "The dataset is incomplete: prepare or copy it again.",
        )
    return records
