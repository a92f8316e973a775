"""TFRecord files of tf.Examples, as TFX's components leave them: gzip, or not compressed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from components import storage

if TYPE_CHECKING:
    import tensorflow as tf


def list_record_files(folder: str) -> list[str]:
    """The files of one split, in the order in which all components read them.

    None where there is no such folder, on this machine or in a bucket: a split may be empty.

    Raises:
        OSError: It cannot be read.
    """
    try:
        entries = storage.list_folder(folder)
    except FileNotFoundError:
        return []
    return sorted(entry.path for entry in entries if not entry.is_folder)


def open_records(files: Sequence[str]) -> "tf.data.Dataset":
    """The records of files, one after the other: serialized tf.Examples, `[] string`.

    The files are compressed all alike: with gzip where they end in `.gz`, or not at all.
    """
    import tensorflow as tf

    compression = "GZIP" if files and files[0].endswith(".gz") else None
    return tf.data.TFRecordDataset(list(files), compression)
