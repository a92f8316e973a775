"""What every source lists: images with their labels and where their bytes are."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from components import feature_keys, storage
from components.example_gen.sources.errors import IngestError
from components.printable import printable

LITTER = frozenset(
    {
        ".ds_store",
        "thumbs.db",
        "desktop.ini",
        ".gitkeep",
        ".gitignore",
        "__macosx",
        "@eadir",
        ".ipynb_checkpoints",
    }
)
"""What operating systems and tools leave in folders, in lower case: neither counted nor reported.

So are macOS' `._*` companions of files. Every other file counts, hidden or not.
"""


class Found(NamedTuple):
    """One image to check: a file, or one record of a TFRecord file."""

    name: str
    """Its path below `data.path` or as the manifest has it; a record's ends in `#` and its number.

    Reports show it.
    """
    path: str
    """Where its bytes are."""
    label: str | None
    """Its class; None where only the record contains it, empty where there is none."""
    given_split: str | None
    """The split whose folder, slice or rows hold it; None where splits are fractions."""
    offset: int = 0
    """Where in the file its bytes begin."""
    length: int = -1
    """How many bytes of the file it takes; -1 for all of them."""


class RecordFields(NamedTuple):
    """Which features of a tf.Example hold the image and its class."""

    image: str = feature_keys.IMAGE
    """The image's bytes."""
    text: str = feature_keys.LABEL
    """The class, by name."""
    number: str = feature_keys.LABEL_NUMBER
    """The class, by number or by name; used where `text` is not there."""
    class_names: Mapping[int, str] = {}
    """The name of each number; empty where a number is its own name."""


@dataclass
class Listing:
    """Everything there is to ingest."""

    images: list[Found] = field(default_factory=list)
    """Files outside of every class folder, whose label is empty, included."""
    classes: set[str] = field(default_factory=set)
    """Labels that are known before an image is read, as those of empty class folders."""
    unused: list[str] = field(default_factory=list)
    """What no setting names: other folders, files, rows or records, in words."""
    fields: RecordFields = RecordFields()
    """Where images that are records have their bytes and their label."""

    def without_file(self, name: str) -> "Listing":
        """The same, without a file of this name directly below `data.path`."""
        images = [image for image in self.images if (image.name, image.label) != (name, "")]
        unused = [other for other in self.unused if other != name]
        return replace(self, images=images, unused=unused)


def is_litter(name: str) -> bool:
    """Whether a file or folder is of the kinds that are ignored, see `LITTER`."""
    return name.lower() in LITTER or name.startswith("._")


def list_entries(folder: str) -> list[storage.Entry]:
    """Lists a folder without litter.

    Raises:
        IngestError: If it cannot be read.
    """
    try:
        entries = storage.list_folder(folder)
    except OSError as error:
        raise IngestError(
            f"cannot read the folder {printable(folder)}: {error.strerror or error}.",
            "Check data.path and the folder's permissions.",
        ) from error
    return [entry for entry in entries if not is_litter(entry.name)]


def has_files(folder: str, ignored: str | None = None, depth: int = 2) -> bool:
    """Whether there is a file in a folder, or in those up to `depth` below it.

    Args:
        folder: Where to look.
        ignored: Name of a file that does not count.
        depth: How many folders deep; data lie at most SPLIT/CLASS deep.
    """
    entries = list_entries(folder)
    if any(not entry.is_folder and entry.name != ignored for entry in entries):
        return True
    folders = [entry.path for entry in entries if entry.is_folder]
    return depth > 0 and any(has_files(path, ignored, depth - 1) for path in folders)


def is_label(name: str) -> bool:
    """Whether a class name fits into a vocabulary file, one name a line, and into a table."""
    return bool(name.strip()) and name.isprintable()
