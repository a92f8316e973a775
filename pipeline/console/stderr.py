"""Keeps what libraries write to stderr off the terminal."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO


@contextlib.contextmanager
def hide_library_stderr() -> Iterator[TextIO]:
    """Discards what libraries write to stderr, including native code that bypasses `sys.stderr`.

    TensorFlow logs its build, libjpeg warns about every unexpected byte, Beam logs every stage.

    Yields:
        A stream that still writes to the real stderr, for our own messages.
    """
    sys.stderr.flush()
    real = os.dup(2)
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 2)
    os.close(devnull)
    try:
        with open(real, "w", buffering=1, errors="replace", closefd=False) as stream:
            yield stream
    finally:
        os.dup2(real, 2)
        os.close(real)
