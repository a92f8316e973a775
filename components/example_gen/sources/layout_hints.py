"""Recognizes data whose layout differs from the configuration, and suggests what to write."""

import re
from collections.abc import Collection, Sequence

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


def explain_mistaken_splits(root: str, there_are: Sequence[str]) -> tuple[str, str] | None:
    """Says that split folders are where class folders should be, and what to write; or None."""
    splits = guess_splits(there_are)
    if "train" not in splits or len(splits) < len(there_are):
        return None
    names = ", ".join(f"{name}/" for name in there_are)
    problem = f"{root} holds split folders ({names}), where class folders are expected."
    return problem, f"Write data.splits: {suggest_splits(there_are)}"


def explain_missing_split(
    root: str, split: str, folder: str, there_are: Sequence[str]
) -> tuple[str, str]:
    """Says that the folder of a split is missing, which folders exist, and what to write."""
    listed = ", ".join(f"{name}/" for name in there_are[:20]) or "no folders at all"
    problem = f"data.splits.{split} names the folder {folder!r}, which is not in {root}."
    return problem, f"There are: {listed}. Write data.splits: {suggest_splits(there_are)}"
