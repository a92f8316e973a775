"""Images that a manifest lists."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence

from components import storage
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.layout_hints import suggest_named_splits
from components.example_gen.sources.listing import Found, Listing
from components.example_gen.sources.manifest import Row, read_manifest
from components.example_gen.sources.split_settings import SplitSettings
from components.example_gen.sources.tree import NOTHING, Exclusion
from components.printable import printable


def list_manifest(path: str, splits: SplitSettings, exclude: Exclusion = NOTHING) -> Listing:
    """Lists the images of a manifest.

    Splits that are names take the rows that have that name in their field `split`. Whether the
    files exist shows when they are read: one that does not is quarantined.

    Raises:
        IngestError: If the manifest is wrong, or its splits are not those of `splits`.
    """
    rows = read_manifest(path)
    _check_splits(path, rows, splits)
    named = {name: split for split, name in splits.by_name.items() if isinstance(name, str)}
    listing = Listing()
    unused: Counter[str] = Counter()
    for row in rows:
        if row.path in exclude:
            listing.excluded += 1
            continue
        if named and row.split not in named:
            unused["no split" if row.split is None else f"split {printable(row.split)}"] += 1
            continue
        split = named[row.split] if row.split is not None else None
        found = Found(printable(row.path), _locate(path, row), row.label, split)
        listing.images.append(found._replace(columns=row.columns))
        listing.classes.add(row.label)
    listing.unused += [f"{what}: {count:,} rows" for what, count in unused.items()]
    if len(listing.classes) < 2:
        raise IngestError(
            f"there is only one class in {printable(path)}: {', '.join(listing.classes)}.",
            "A classifier needs two; the field label names them.",
        )
    return listing


def manifest_files(path: str) -> Iterator[tuple[str, str]]:
    """Yields the name and the path of the manifest and of every file that it lists.

    Raises:
        IngestError: If the manifest is wrong.
    """
    yield os.path.basename(path), path
    for row in {row.path: row for row in read_manifest(path)}.values():
        yield row.path, _locate(path, row)


def _locate(manifest: str, row: Row) -> str:
    if storage.is_remote(row.path):
        return row.path
    folder = (
        manifest.rpartition("/")[0] if storage.is_remote(manifest) else os.path.dirname(manifest)
    )
    return row.path if os.path.isabs(row.path) else storage.join(folder, row.path)


def _check_splits(path: str, rows: Sequence[Row], splits: SplitSettings) -> None:
    there_are = list(dict.fromkeys(row.split for row in rows if row.split is not None))
    listed = printable(", ".join(there_are[:20]))
    if there_are and not splits.are_named:
        raise IngestError(
            f"{printable(path)} has splits ({listed}), and data.splits has fractions.",
            f"{suggest_named_splits(there_are)} Or take the field split out of the manifest.",
        )
    for split, name in splits.by_name.items():
        if isinstance(name, str) and name not in there_are:
            raise IngestError(
                f"data.splits.{split} is {name!r}, and no row of {printable(path)} has that split.",
                f"There are: {listed}. {suggest_named_splits(there_are)}"
                if there_are
                else "No row has any: add a field split, or give fractions in data.splits.",
            )
