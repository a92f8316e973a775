"""Importing TensorFlow, Beam and TFX, the largest part of a small task, in less time."""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def quick_imports() -> Iterator[None]:
    """Disables garbage collection during imports, and exempts what they created from it.

    Importing creates hundreds of thousands of objects that stay; Python's collector goes through
    all of them again and again, for a fifth of the time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
