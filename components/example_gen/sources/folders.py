"""Lists images in a folder per class, or in split folders with folders per class."""

from collections.abc import Iterable, Iterator

from components import storage
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.layout_hints import (
    explain_missing_split,
    explain_mistaken_splits,
    explain_no_classes,
    explain_one_class,
)
from components.example_gen.sources.listing import (
    Found,
    Listing,
    clean_label,
    has_image_name,
    is_label,
    list_entries,
)
from components.example_gen.sources.split_settings import SplitSettings
from components.example_gen.sources.tree import NOTHING, Exclusion, walk_files
from components.printable import printable


def list_folders(root: str, splits: SplitSettings, exclude: Exclusion = NOTHING) -> Listing:
    """Lists the images of a folder per class, or of split folders with folders per class.

    As for Keras and torchvision, all files below a class folder are of that class, however deep.

    Raises:
        IngestError: If the folders of `root` are not laid out as `splits` says.
    """
    listing = Listing()
    entries = list_entries(root)
    if splits.are_named:
        _list_splits(root, entries, splits, exclude, listing)
    else:
        mistake = explain_mistaken_splits(root, [entry for entry in entries if entry.is_folder])
        if mistake:
            raise IngestError(*mistake)
        _list_classes(root, entries, "", None, exclude, listing)
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
        raise IngestError(*explain_one_class(root, listing.classes))


def _list_splits(
    root: str,
    entries: list[storage.Entry],
    splits: SplitSettings,
    exclude: Exclusion,
    listing: Listing,
) -> None:
    folders = {entry.name: entry for entry in entries if entry.is_folder}
    named = {folder: split for split, folder in splits.by_name.items() if isinstance(folder, str)}
    for folder, split in named.items():
        if folder not in folders:
            raise IngestError(*explain_missing_split(root, split, folder, list(folders)))
        path = folders[folder].path
        _list_classes(path, list_entries(path), f"{folder}/", split, exclude, listing)
    listing.unused += [f"{name}/" for name in folders if name not in named]
    _add(listing, _strays(entries, "", None), exclude)


def _list_classes(
    root: str,
    entries: list[storage.Entry],
    prefix: str,
    split: str | None,
    exclude: Exclusion,
    listing: Listing,
) -> None:
    """Lists the class folders among `entries`; `prefix` leads from `data.path` to `root`."""
    classes = [entry for entry in entries if entry.is_folder]
    _add(listing, _strays(entries, prefix, split), exclude)
    if not classes:
        raise IngestError(*explain_no_classes(root))
    for entry in classes:
        before = listing.excluded
        images = _add(listing, _list_class(entry, f"{prefix}{entry.name}/", split), exclude)
        if images or before == listing.excluded:
            _check_label(entry)
            listing.classes.add(clean_label(entry.name))


def _list_class(folder: storage.Entry, prefix: str, split: str | None) -> Iterator[Found]:
    for name, path in walk_files(folder.path, prefix):
        yield _find(name, path, clean_label(folder.name), split)


def _strays(entries: list[storage.Entry], prefix: str, split: str | None) -> Iterator[Found]:
    for entry in entries:
        if not entry.is_folder:
            yield _find(prefix + entry.name, entry.path, "", split)


def _find(name: str, path: str, label: str, split: str | None) -> Found:
    return Found(name, path, label, split, may_be_other=not has_image_name(name))


def _add(listing: Listing, found: Iterable[Found], exclude: Exclusion) -> int:
    """Adds what is not excluded, under names that can be shown; counts both, returns the first."""
    before = len(listing.images)
    for image in found:
        if image.name in exclude:
            listing.excluded += 1
        else:
            listing.images.append(image._replace(name=printable(image.name)))
    return len(listing.images) - before


def _check_label(folder: storage.Entry) -> None:
    if not is_label(clean_label(folder.name)):
        raise IngestError(
            f"the class folder {printable(folder.path)} has control characters in its name, is "
            "blank, or is not UTF-8.",
            "Rename it: its name is the label.",
        )
