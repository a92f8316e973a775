"""An unknown key -> the key that was meant, wherever in the configuration it is."""

import difflib
import re
from collections.abc import Sequence

from pydantic import BaseModel

from pipeline.config.describe_types import inner_sections
from pipeline.config.key_path import KeyPath, format_path

_SYNONYMS = {
    "lr": "learning_rate",
    "batch": "batch_size",
    "bs": "batch_size",
    "num_epochs": "epochs",
    "n_epochs": "epochs",
    "img_size": "image_size",
    "input_size": "image_size",
    "input_shape": "image_size",
    "size": "image_size",
    "arch": "backbone",
    "architecture": "backbone",
    "base_model": "backbone",
    "network": "backbone",
    "pretrained": "weights",
    "data_dir": "path",
    "dataset": "path",
    "directory": "path",
    "folder": "path",
    "validation_split": "splits",
    "val_split": "splits",
    "test_split": "splits",
    "flip": "horizontal_flip",
    "threshold": "min_accuracy",
}
"""What settings are called in Keras, PyTorch and elsewhere."""

_CLOSE = 0.8
"""How alike two keys of different sections must be; within one, difflib's default is enough."""


def all_keys(section: type[BaseModel], prefix: str = "") -> list[str]:
    """The path of every key below a section; `stages[].epochs` in the entries of a list."""
    found = []
    for name, field in section.model_fields.items():
        path = prefix + (field.alias or name)
        found.append(path)
        for inner, step in inner_sections(field.annotation):
            found += all_keys(inner, f"{path}{step}.")
    return found


def suggest_key(
    section: type[BaseModel], parent: KeyPath, key: str, allowed: Sequence[str]
) -> str | None:
    """Finds the key that was meant.

    Args:
        section: The model of the whole configuration.
        parent: Where the unknown key is.
        key: The unknown key.
        allowed: The keys that exist there.

    Returns:
        One of `allowed`, or the path of a key elsewhere, in a list of its first entry; None where
        nothing is similar.
    """
    paths = [path for path in all_keys(section) if ".NAME" not in path]
    wanted = _SYNONYMS.get(key.lower(), key.lower())
    if wanted in allowed:
        return wanted
    last = {path: path.rpartition(".")[2] for path in paths}
    same = [path for path in paths if last[path] == wanted]
    if same:
        return _nearest(same, format_path(parent))
    if close := difflib.get_close_matches(wanted, allowed, n=1):
        return close[0]
    if close := difflib.get_close_matches(wanted, last.values(), n=1, cutoff=_CLOSE):
        return _nearest([path for path in paths if last[path] == close[0]], format_path(parent))
    return None


def _nearest(paths: Sequence[str], parent: str) -> str:
    """The first path, but one below the parent before all others; lists have a number in it."""
    above = re.sub(r"\[\d+\]", "[]", parent) + "."
    below = [parent + path[len(above) - 1 :] for path in paths if path.startswith(above)]
    return [*below, *paths][0].replace("[]", "[0]")
