"""Recognizes data whose layout differs from the configuration, and suggests what to write."""

import re
from collections.abc import Collection, Sequence

from components import storage
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.listing import has_image_name, list_entries

_USUAL_NAMES = {
    "train": re.compile(r"train(ing)?([_-]?(set|data))?", re.IGNORECASE),
    "validation": re.compile(r"(val(id(ation)?)?|dev)([_-]?(set|data))?", re.IGNORECASE),
    "test": re.compile(r"(test(ing)?|eval(uation)?)([_-]?(set|data))?", re.IGNORECASE),
}
FRACTIONS = "{train: 0.7, validation: 0.15, test: 0.15}"


def guess_splits(names: Collection[str]) -> dict[str, str]:
    """Maps split names to the folders with a usual name of that split."""
    return {
        split: name
        for split, usual in _USUAL_NAMES.items()
        for name in sorted(names, reverse=True)
        if usual.fullmatch(name)
    }


def suggest_splits(names: Collection[str]) -> str:
    """The `data.splits` to write for folders of these names, as YAML."""
    splits = guess_splits(names)
    if "train" not in splits:
        return FRACTIONS
    if "validation" not in splits and "test" not in splits:
        splits["validation"] = "{from: train, fraction: 0.15}"
        splits["test"] = "{from: train, fraction: 0.15}"
    elif "test" not in splits:
        splits["test"] = "{from: validation, fraction: 0.5}"
    elif "validation" not in splits:
        splits["validation"] = "{from: train, fraction: 0.15}"
    return "{" + ", ".join(f"{name}: {splits[name]}" for name in _USUAL_NAMES) + "}"


def suggest_named_splits(names: Collection[str]) -> str:
    """A sentence that says what to write as `data.splits` for splits of these names."""
    if "train" in guess_splits(names):
        return f"Write data.splits: {suggest_splits(names)}."
    return "Write in data.splits which is which: {train: NAME, validation: NAME, test: NAME}."


def explain_mistaken_splits(root: str, folders: Sequence[storage.Entry]) -> tuple[str, str] | None:
    """Says that split folders are where class folders should be, and what to write; or None.

    They are where all folders have names of splits; or two, and the one of train holds folders
    only: those are classes then, and not a class `train` with folders in it.
    """
    names = [folder.name for folder in folders]
    splits = guess_splits(names)
    if "train" not in splits or (len(splits) < len(names) and not _hold_classes(folders, splits)):
        return None
    listed = ", ".join(f"{name}/" for name in names)
    problem = f"{root} holds split folders ({listed}), where class folders are expected."
    return problem, f"Write data.splits: {suggest_splits(names)}"


def _hold_classes(folders: Sequence[storage.Entry], splits: dict[str, str]) -> bool:
    train = next(folder for folder in folders if folder.name == splits["train"])
    return len(splits) > 1 and len(_class_folders(train.path)) > 1


def _class_folders(path: str) -> list[str]:
    """The folders in a folder, if it holds folders and no images beside them."""
    if _has_images(path):
        return []
    return [entry.name for entry in list_entries(path) if entry.is_folder]


def explain_missing_split(
    root: str, split: str, folder: str, there_are: Sequence[str]
) -> tuple[str, str]:
    """Says that the folder of a split is missing, which folders exist, and what to write."""
    listed = ", ".join(f"{name}/" for name in there_are[:20]) or "no folders at all"
    problem = f"data.splits.{split} names the folder {folder!r}, which is not in {root}."
    elsewhere = [storage.join(root, name) for name in there_are[:20]]
    if parent := _parent(root):
        elsewhere.append(parent)
    for path in elsewhere:
        if folder in _class_folders(path):
            return problem, f"It is in {path}: write data.path: {path}"
    return problem, f"There are: {listed}. Write data.splits: {suggest_splits(there_are)}"


def explain_no_classes(root: str) -> tuple[str, str]:
    """Says that there is no class folder, and where they may be."""
    problem = f"there is no class folder in {root}."
    parent = _parent(root)
    siblings = [storage.join(parent, name) for name in _class_folders(parent)] if parent else []
    if _has_images(root) and sum(map(_has_images, siblings[:20])) > 1:
        return problem, f"It seems to be a class folder itself: write data.path: {parent}"
    return problem, "Put the images of each class into a folder of its own: CLASS/image.jpg."


def _has_images(path: str) -> bool:
    return any(not entry.is_folder and has_image_name(entry.name) for entry in list_entries(path))


def explain_one_class(root: str, classes: Collection[str]) -> tuple[str, str]:
    """Says that there is only one class, and where there may be more."""
    problem = f"there is only one class in {root}: {', '.join(classes)}."
    for name in classes:
        below = storage.join(root, name)
        if len(_class_folders(below)) > 1:
            return problem, f"Class folders seem to be in it: write data.path: {below}"
    return (
        problem,
        "A classifier needs two; put the images of each class into a folder of its own.",
    )


def _parent(root: str) -> str:
    """The folder above, or nothing where it cannot be read."""
    parent = root.rstrip("/").rpartition("/")[0]
    try:
        return parent if list_entries(parent) else ""
    except IngestError:
        return ""
