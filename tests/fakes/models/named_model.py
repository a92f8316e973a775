"""Pushes models that differ, as those of two trainings do."""

import tempfile
from pathlib import Path
from typing import Any

from components.pusher.version import Version
from components.pusher.versions import add_version


def push(folder: Path | str, model: Path | str, uri: str, **options: Any) -> Version:
    """Pushes a copy of a model that also has its URI in it."""
    with tempfile.TemporaryDirectory() as parent:
        copy = Path(parent) / "model"
        for file in filter(Path.is_file, Path(model).rglob("*")):
            target = copy / file.relative_to(model)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
        (copy / "assets").mkdir(exist_ok=True)
        (copy / "assets" / "uri.txt").write_text(uri)
        return add_version(folder, copy, uri, **options)
