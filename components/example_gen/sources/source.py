"""Lists what there is to ingest: every file that could be an image, with its label."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from components import storage
from components.example_gen.errors import IngestError
from components.example_gen.examples import RecordFields, is_label
from components.example_gen.settings import DataSettings, SplitSettings
from components.example_gen.sources.folders import explain_missing_split, explain_mistaken_splits

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
    """Its class; None where only the record itself tells, empty where there is none."""
    given_split: str | None
    """The split whose folder, slice or rows hold it; None where splits are fractions."""
    offset: int = 0
    """Where in the file its bytes begin."""
    length: int = -1
    """How many bytes of the file it takes; -1 for all of them."""


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


def is_litter(name: str) -> bool:
    """Whether a file or folder is of the kinds that are ignored, see `LITTER`."""
    return name.lower() in LITTER or name.startswith("._")


def readable(name: str) -> str:
    """Escapes what cannot be printed: control characters, and bytes that are no UTF-8."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def list_entries(folder: str) -> list[storage.Entry]:
    """Lists a folder without litter.

    Raises:
        IngestError: If it cannot be read.
    """
    try:
        entries = storage.list_folder(folder)
    except OSError as error:
        raise IngestError(
            f"cannot read the folder {readable(folder)}: {error.strerror or error}.",
            "Check data.path and the folder's permissions.",
        ) from error
    return [entry for entry in entries if not is_litter(entry.name)]


def list_folders(root: str, settings: DataSettings) -> Listing:
    """Lists the images of a folder per class, or of split folders with folders per class.

    Args:
        root: The folder, `{SPAN}` already resolved.
        settings: The `data` section.

    Raises:
        IngestError: If the folders are not laid out as `settings` says.
    """
    listing = Listing()
    entries = list_entries(root)
    if settings.splits.are_named:
        _list_splits(root, entries, settings.splits, listing)
    else:
        mistake = explain_mistaken_splits(root, [e.name for e in entries if e.is_folder])
        if mistake:
            raise IngestError(*mistake)
        _list_classes(root, entries, "", None, listing)
    _check_listing(root, listing)
    return listing


def _check_listing(root: str, listing: Listing) -> None:
    """Finds out what no image can mend, before any is read."""
    if not any(image.label for image in listing.images):
        raise IngestError(
            f"there is no image in the class folders of {root}.",
            "Put the images of each class into a folder of its own: CLASS/image.jpg.",
        )
    if len(listing.classes) < 2:
        raise IngestError(
            f"there is only one class in {root}: {', '.join(listing.classes)}.",
            "A classifier needs two; put the images of each class into a folder of its own.",
        )


def _list_splits(
    root: str, entries: list[storage.Entry], splits: SplitSettings, listing: Listing
) -> None:
    folders = {entry.name: entry for entry in entries if entry.is_folder}
    named = {folder: split for split, folder in splits.by_name.items() if isinstance(folder, str)}
    for folder, split in named.items():
        if folder not in folders:
            raise IngestError(*explain_missing_split(root, split, folder, list(folders)))
        path = folders[folder].path
        _list_classes(path, list_entries(path), f"{folder}/", split, listing)
    listing.unused += [f"{name}/" for name in folders if name not in named]
    listing.images += _strays(entries, "", None)


def _list_classes(
    root: str, entries: list[storage.Entry], prefix: str, split: str | None, listing: Listing
) -> None:
    """Lists the class folders among `entries`; `prefix` leads from `data.path` to `root`."""
    classes = [entry for entry in entries if entry.is_folder]
    listing.images += _strays(entries, prefix, split)
    if not classes:
        raise IngestError(
            f"there is no class folder in {root}.",
            "Put the images of each class into a folder of its own: CLASS/image.jpg.",
        )
    for entry in classes:
        _check_label(entry)
        listing.classes.add(entry.name)
        listing.images += _list_class(entry, f"{prefix}{entry.name}/", split)


def _list_class(folder: storage.Entry, prefix: str, split: str | None) -> Iterator[Found]:
    entries = list_entries(folder.path)
    nested = [entry.name for entry in entries if entry.is_folder]
    if nested:
        raise IngestError(
            f"the class folder {readable(folder.path)} contains folders ({_some(nested)}), where "
            "images are expected.",
            "Folders are laid out as CLASS/image, or with data.splits that name folders as "
            "SPLIT/CLASS/image; data.path must be the folder above those.",
        )
    for entry in entries:
        yield Found(readable(prefix + entry.name), entry.path, folder.name, split)


def _strays(entries: list[storage.Entry], prefix: str, split: str | None) -> list[Found]:
    files = [entry for entry in entries if not entry.is_folder]
    return [Found(readable(prefix + file.name), file.path, "", split) for file in files]


def _check_label(folder: storage.Entry) -> None:
    if not is_label(folder.name):
        raise IngestError(
            f"the class folder {readable(folder.path)} has control characters in its name, or is "
            "not UTF-8.",
            "Rename it: its name is the label.",
        )


def _some(names: list[str], most: int = 5) -> str:
    """The first few of many names."""
    more = len(names) - most
    return readable(", ".join(names[:most])) + (f" and {more} more" if more > 0 else "")
