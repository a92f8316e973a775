"""Paths in a configuration: `~` and environment variables in them, and what they are relative to.

What is read is looked for in the current folder, then beside the configuration file; what is
written is relative to the current folder. A path that exists as it stands is taken as it stands.
"""

import copy
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components import storage
from components.example_gen.sources.spans import SPAN_PLACEHOLDER
from pipeline.config.errors import Problem
from pipeline.config.key_path import parse_path, value_at
from trainer.network.settings import NAMED_WEIGHTS

READ = (
    "data.path",
    "data.corrections",
    "data.schema_path",
    "data.tfrecord.label_file",
    "model.weights",
)
WRITTEN = ("push.folder", "metadata.path")

# As posixpath.expandvars has it.
_VARIABLE = re.compile(r"\$(\w+|\{[^}]*\})", re.ASCII)


@dataclass
class PlacedPaths:
    """A configuration whose paths can be opened from here.

    Attributes:
        tree: The sections.
        problems: Paths with environment variables that are not set.
        notes: Which of two places a path was taken from, one sentence each.
        missing: Where else a path that is nowhere was looked for, by its setting.
    """

    tree: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    missing: dict[str, Path] = field(default_factory=dict)

    def explain(self, problem: Problem) -> Problem:
        """Adds to a problem where else was looked."""
        place = self.missing.get(problem.path)
        more = f"; looked in {place.parent}, too" if place else ""
        return Problem(problem.path, problem.message + more)


def place_paths(tree: dict[str, Any], beside: Path | None) -> PlacedPaths:
    """Replaces `~` and environment variables, and finds what is relative to the file.

    Args:
        tree: The sections; not modified.
        beside: Folder of the configuration file, if there is one.
    """
    placed = PlacedPaths(copy.deepcopy(tree))
    for setting in READ + WRITTEN:
        *section, key = parse_path(setting)
        text = value_at(tree, (*section, key))
        is_name = setting == "model.weights" and text in NAMED_WEIGHTS
        if isinstance(text, str) and not is_name:
            path = _expand(text, setting, placed)
            if beside and setting in READ and not (os.path.isabs(path) or storage.is_remote(path)):
                path = _find(path, beside, setting, placed)
            value_at(placed.tree, tuple(section))[key] = path
    return placed


def _expand(text: str, setting: str, placed: PlacedPaths) -> str:
    if os.path.lexists(text):
        return text
    path = os.path.expandvars(os.path.expanduser(text))
    if unset := _VARIABLE.search(path):
        name = unset[1].strip("{}")
        message = f'received "{text}": the environment variable {name} is not set'
        placed.problems.append(Problem(setting, message))
    return path


def _find(path: str, beside: Path, setting: str, placed: PlacedPaths) -> str:
    """Looks for a relative path in the current folder, then beside the file."""
    other = beside / path
    is_here, is_there = _exists(path), _exists(str(other))
    if is_here and is_there and Path(path).resolve() != other.resolve():
        placed.notes.append(
            f"{setting}: {path} is taken from the current folder; there is one in {beside}, too."
        )
    elif is_there and not is_here:
        placed.notes.append(f"{setting}: {path} is taken from {beside}, beside the configuration.")
        return str(other)
    elif not is_here and beside.resolve() != Path.cwd():
        placed.missing[setting] = other.absolute()
    return path


def _exists(path: str) -> bool:
    """Whether there is such a file or folder; of a path with `{SPAN}`, what is before it."""
    before, span, _ = path.partition(SPAN_PLACEHOLDER)
    return os.path.exists(os.path.dirname(before) or "." if span else path)
