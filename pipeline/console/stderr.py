"""Keeps from the terminal what libraries write to stderr."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO


@contextlib.contextmanager
def stderr_of_our_own() -> Iterator[TextIO]:
    """Keeps from the terminal what libraries write to stderr, also those that are not Python.

    TensorFlow logs how it was built, libjpeg warns of each odd byte, Beam logs each stage.

    Yields:
        The stream on which our own words still come through.
    """
    sys.stderr.flush()
    ours = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        with open(ours, "w", buffering=1, errors="replace", closefd=False) as stream:
            yield stream
    finally:
        os.dup2(ours, 2)
        os.close(ours)
