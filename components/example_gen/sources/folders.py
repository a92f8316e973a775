"""Lists images that lie in a folder per class, or in split folders with folders per class."""

from collections.abc import Iterator

from components import storage
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.layout_hints import (
    explain_missing_split,
    explain_mistaken_splits,
)
from components.example_gen.sources.listing import (
    Found,
    Listing,
    is_label,
    list_entries,
)
from components.example_gen.sources.split_settings import SplitSettings
from components.printable import printable


def list_folders(root: str, splits: SplitSettings) -> Listing:
    """Lists the images of a folder per class, or of split folders with folders per class.

    Raises:
        IngestError: If the folders are not laid out as `splits` says.
    """
    listing = Listing()
    entries = list_entries(root)
    if splits.are_named:
        _list_splits(root, entries, splits, listing)
    else:
        mistake = explain_mistaken_splits(root, [e.name for e in entries if e.is_folder])
        if mistake:
            raise IngestError(*mistake)
        _list_classes(root, entries, "", None, listing)
    _check_listing(root, listing)
    return listing


def _check_listing(root: str, listing: Listing) -> None:
    """Finds mistakes that do not depend on the images, before any is read."""
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
            f"the class folder {printable(folder.path)} contains folders ({_some(nested)}), where "
            "images are expected.",
            "Folders are laid out as CLASS/image, or with data.splits that name folders as "
            "SPLIT/CLASS/image; data.path must be the folder above those.",
        )
    for entry in entries:
        yield Found(printable(prefix + entry.name), entry.path, folder.name, split)


def _strays(entries: list[storage.Entry], prefix: str, split: str | None) -> list[Found]:
    files = [entry for entry in entries if not entry.is_folder]
    return [Found(printable(prefix + file.name), file.path, "", split) for file in files]


def _check_label(folder: storage.Entry) -> None:
    if not is_label(folder.name):
        raise IngestError(
            f"the class folder {printable(folder.path)} has control characters in its name, or is "
            "not UTF-8.",
            "Rename it: its name is the label.",
        )


def _some(names: list[str], most: int = 5) -> str:
    """The first few of many names."""
    more = len(names) - most
    return printable(", ".join(names[:most])) + (f" and {more} more" if more > 0 else "")
