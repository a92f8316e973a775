"""Images that come as tf.Examples in TFRecord files."""

import os
import re
from collections.abc import Sequence

from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.listing import Found, Listing, RecordFields, list_entries
from components.example_gen.sources.split_settings import SplitSettings
from components.example_gen.sources.tfrecord.label_file import read_label_file
from components.example_gen.sources.tfrecord.records import (
    MOST_TINY_RECORDS,
    SMALLEST_RECORD,
    Record,
    list_records,
    too_many_tiny,
)
from components.example_gen.sources.tfrecord.settings import TFRecordSettings
from components.example_gen.sources.tfrecord.unpack import unpack
from components.printable import printable

_USUAL_NAME = re.compile(r"tfrec|\.records?($|[-._?])", re.IGNORECASE)
"""`x.tfrecord-00000-of-00010`, `01-192x192-230.tfrec`, `x.record-00000-of-00010`, `x.record.gz`."""


def list_tfrecords(
    root: str, splits: SplitSettings, settings: TFRecordSettings, unpack_folder: str
) -> Listing:
    """Lists the records of all files below `root` that are called as TFRecords are.

    Splits that are names take the files whose names begin so, or those in the folder of that name.

    Args:
        root: The folder, `{SPAN}` already resolved.
        splits: The `data.splits` section.
        settings: The `data.tfrecord` section.
        unpack_folder: A folder for compressed files, unpacked; it must exist until the end.

    Raises:
        IngestError: If there are no such files, one is damaged, or the label file is wrong.
    """
    listing = Listing(fields=_fields(settings))
    files = _list_files(root)
    named = [name for name in files if _USUAL_NAME.search(os.path.basename(name))]
    label_file = os.path.abspath(settings.label_file or root)
    listing.unused += [n for n in sorted(files.keys() - named) if files[n] != label_file]
    if not named:
        raise IngestError(
            f"there is no TFRecord file in {root}.",
            "Names contain `tfrec` or end in `.record`, such as images.tfrecord-00000-of-00001.",
        )
    tiny = 0
    for name in named:
        split = _split_of(name, splits)
        if splits.are_named and split is None:
            listing.unused.append(name)
            continue
        path, records = _open(files[name], unpack_folder)
        tiny += sum(record.length < SMALLEST_RECORD for record in records)
        if tiny > MOST_TINY_RECORDS:
            raise too_many_tiny(root)
        shown = printable(name)
        listing.images += [
            Found(f"{shown}#{number}", path, None, split, *record)
            for number, record in enumerate(records)
        ]
    _check_splits(root, named, splits, listing)
    return listing


def _fields(settings: TFRecordSettings) -> RecordFields:
    names = read_label_file(settings.label_file) if settings.label_file else {}
    return RecordFields(settings.image, settings.text, settings.label, names)


def _open(path: str, unpack_folder: str) -> tuple[str, list[Record]]:
    """Where the uncompressed records of a file are, and which there are."""
    try:
        unpacked = unpack(path, unpack_folder)
        return unpacked, list(list_records(unpacked, path))
    except OSError as error:
        raise IngestError(
            f"cannot read {path}: {error.strerror or error}.", "Remove it from the folder."
        ) from error


def _list_files(root: str) -> dict[str, str]:
    """Maps the names of all files in `root` and its folders to their paths."""
    files = {}
    for entry in list_entries(root):
        if entry.is_folder:
            below = [e for e in list_entries(entry.path) if not e.is_folder]
            files.update({f"{entry.name}/{e.name}": e.path for e in below})
        else:
            files[entry.name] = entry.path
    return files


def _split_of(name: str, splits: SplitSettings) -> str | None:
    """The split whose folder a file is in, or else the one with the longest fitting prefix."""
    prefixes = [(its, split) for split, its in splits.by_name.items() if isinstance(its, str)]
    folders = [split for prefix, split in prefixes if name.startswith(f"{prefix}/")]
    files = [(len(prefix), split) for prefix, split in prefixes if name.startswith(prefix)]
    return folders[0] if folders else max(files)[1] if files else None


def _check_splits(root: str, names: Sequence[str], splits: SplitSettings, listing: Listing) -> None:
    filled = {image.given_split for image in listing.images}
    for split, prefix in splits.by_name.items():
        if isinstance(prefix, str) and split not in filled:
            raise IngestError(
                f"data.splits.{split} is {prefix!r}, and no TFRecord file in {root} with a record "
                "in it begins so or is in a folder of that name.",
                f"There are: {', '.join(names[:20])}.",
            )
