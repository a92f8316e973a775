"""Recognizes data that is laid out otherwise than the configuration says, and tells what to write."""

import re
from collections.abc import Collection, Mapping, Sequence

from components.ingest.storage import Entry

_USUAL_NAMES = {
    "train": re.compile(r"train(ing)?([_-]?(set|data))?", re.IGNORECASE),
    "validation": re.compile(r"(val(id(ation)?)?|dev)([_-]?(set|data))?", re.IGNORECASE),
    "test": re.compile(r"(test(ing)?|eval(uation)?)([_-]?(set|data))?", re.IGNORECASE),
}
FRACTIONS = "{train: 0.7, validation: 0.15, test: 0.15}"


def guess_splits(names: Collection[str]) -> dict[str, str]:
    """Maps split names to the folders that are called like them."""
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
        source = "train"
        splits["validation"] = "{from: train, fraction: 0.15}"
        splits["test"] = "{from: train, fraction: 0.15}"
    elif "test" not in splits:
        splits["test"] = "{from: validation, fraction: 0.5}"
    elif "validation" not in splits:
        splits["validation"] = "{from: train, fraction: 0.15}"
    return "{" + ", ".join(f"{name}: {splits[name]}" for name in _USUAL_NAMES) + "}"


def find_mistaken_layout(subfolders: Mapping[str, Sequence[Entry]]) -> tuple[str, str] | None:
    """Tells whether what was taken for class folders are split folders.

    Args:
        subfolders: The content of each folder below `data.path`.

    Returns:
        What is wrong and what to write, or None if nothing is.
    """
    splits = guess_splits(subfolders)
    if "train" not in splits or len(splits) < len(subfolders):
        return None
    names = ", ".join(f"{name}/" for name in subfolders)
    return f"{names}.", f"Write data.splits: {suggest_splits(subfolders)}"


def explain_missing_split(
    root: str, split: str, folder: str, there_are: Sequence[str]
) -> tuple[str, str]:
    """Tells that the folder of a split is missing, and what there is instead.

    Returns:
        What is wrong and what to write.
    """
    listed = ", ".join(f"{name}/" for name in there_are[:20]) or "no folders at all"
    problem = f"data.splits.{split} names the folder {folder!r}, which is not in {root}."
    return problem, f"There are: {listed}. Write data.splits: {suggest_splits(there_are)}"
