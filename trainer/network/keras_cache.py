"""Keras' cache of pretrained weights, where it is read-only: baked into a container image."""

import contextlib
import os
from pathlib import Path

ELSEWHERE = Path("/tmp/.keras")


def link_read_only_cache() -> None:
    """Links the weights of a read-only cache to where Keras looks for them instead.

    Keras takes no file from a cache that it could not write to (`keras.utils.get_file`): it turns
    to /tmp/.keras, and downloads.
    """
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    weights = home / "models"
    if os.access(home, os.W_OK) or not weights.is_dir():
        return
    (ELSEWHERE / "models").mkdir(parents=True, exist_ok=True)
    for file in weights.iterdir():
        with contextlib.suppress(FileExistsError):
            (ELSEWHERE / "models" / file.name).symlink_to(file)
