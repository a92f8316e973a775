"""What every source lists: images with their labels and where their bytes are."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from components import feature_keys, storage
from components.example_gen.sources.errors import IngestError
from components.printable import printable

LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini", ".gitkeep", ".gitignore"})
"""Files that operating systems and tools leave, in lower case: neither counted nor reported.

So are macOS' `._*` companions of files. Every other file counts, hidden or not.
"""
SYSTEM_FOLDERS = frozenset(
    {"__macosx", "@eadir", "#recycle", "#snapshot", "lost+found", "$recycle.bin"}
    | {"system volume information", "__pycache__"}
)
"""Folders of systems and network storage, in lower case; hidden ones are like them."""
IMAGE_SUFFIXES = tuple(
    f".{kind}"
    for kinds in (
        ("jpg", "jpeg", "jpe", "jfif", "png", "gif", "bmp", "dib", "webp", "tif", "tiff"),
        ("heic", "heif", "avif", "jp2", "j2k", "jxl", "psd", "ico", "svg", "tga", "ppm", "pgm"),
        ("pbm", "pnm", "cr2", "cr3", "nef", "arw", "dng", "raf", "orf", "rw2"),
    )
    for kind in kinds
)
"""How the names of images end, those included that cannot be read."""


Column = str | int | float
"""A value of a manifest's column."""


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
    may_be_other: bool = False
    """Whether it is ignored, by its name, unless its bytes begin as those of an image."""
    columns: Mapping[str, Column] = {}
    """Other columns of the image, which become features of its example."""
    group: str = ""
    """Images of one group share a split; empty if it has no group."""


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
    excluded: int = 0
    """How many files or rows `data.exclude` leaves out."""
    fields: RecordFields = RecordFields()
    """Where images that are records have their bytes and their label."""

    def without_file(self, name: str) -> "Listing":
        """The same, without a file of this name directly below `data.path`."""
        images = [image for image in self.images if (image.name, image.label) != (name, "")]
        unused = [other for other in self.unused if other != name]
        return replace(self, images=images, unused=unused)


def is_litter(name: str) -> bool:
    """Whether a file or folder of this name is left out everywhere."""
    return name.lower() in LITTER | SYSTEM_FOLDERS or name.startswith("._")


def is_system_folder(name: str) -> bool:
    """Whether a folder is hidden or of the system, so that its files are not data."""
    return name.startswith(".") or is_litter(name)


def has_image_name(name: str) -> bool:
    """Whether a name ends as those of images do."""
    return name.lower().endswith(IMAGE_SUFFIXES)


def list_entries(folder: str) -> list[storage.Entry]:
    """Lists a folder without files that systems leave, and without system folders.

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
    return [
        entry
        for entry in entries
        if not (is_system_folder(entry.name) if entry.is_folder else is_litter(entry.name))
    ]


def clean_label(name: str) -> str:
    """A class name as it is written everywhere: in Unicode's NFC, without white space around it.

    macOS' older disks keep names decomposed (NFD): the same letters, other bytes.
    """
    return unicodedata.normalize("NFC", name).strip()


def is_label(name: str) -> bool:
    """Whether a class name fits into a vocabulary file, one name a line, and into a table."""
    return bool(name.strip()) and name.isprintable()
