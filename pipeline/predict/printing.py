"""Predicts files and prints each prediction as soon as it is made."""

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from components.errors import UserError
from components.printable import printable_text
from pipeline.predict.inputs import STDIN, list_images
from pipeline.predict.output import Style, header, line
from pipeline.predict.prediction import Prediction
from pipeline.predict.progress import Counter, show_progress
from pipeline.predict.saved_model import LoadedModel, predict_files

MAX_WAIT_SECONDS = 0.3
"""How long a batch waits for more paths from stdin: their writer may be slow, or never end."""


class OutputError(UserError):
    """The predictions cannot be written."""


def print_predictions(
    model: LoadedModel, images: Sequence[str], style: Style, stderr: TextIO
) -> Counter:
    """Predicts files and prints each prediction as soon as it is made, in the order of the files.

    Returns the number of files, and of failures. In text, errors go to stderr; in CSV and JSON they
    are rows.

    Raises:
        OutputError: stdout cannot be written.
    """
    counter = Counter()
    max_wait = MAX_WAIT_SECONDS if STDIN in images else None
    with _progress(images, counter, stderr) as print_error:
        _write(header(style, model.top))
        for predictions in predict_files(model, list_images(images), max_wait):
            _print_batch(predictions, style, model.top, print_error)
            counter.done += len(predictions)
            counter.failed += sum(one.error is not None for one in predictions)
    return counter


@contextmanager
def _progress(
    images: Sequence[str], counter: Counter, stderr: TextIO
) -> Iterator[Callable[[str], None]]:
    """Shows the progress, unless the predictions themselves are shown on the terminal."""
    if sys.stdout.isatty():
        yield lambda text: print(text, file=stderr)
        return
    with show_progress(counter, stderr) as print_error:
        if stderr.isatty() and STDIN not in images:
            threading.Thread(target=_count, args=(images, counter), daemon=True).start()
        yield print_error


def _count(images: Sequence[str], counter: Counter) -> None:
    counter.total = sum(1 for _ in list_images(images))


def _print_batch(
    predictions: Sequence[Prediction], style: Style, top: int, print_error: Callable[[str], None]
) -> None:
    """Prints a batch; on a terminal, errors appear in order among the predictions."""
    lines: list[str] = []
    for one in predictions:
        if style == "text" and one.error is not None:
            _write("".join(lines))
            lines.clear()
            print_error(line(one, style, top).rstrip("\n"))
        else:
            lines.append(line(one, style, top))
    _write("".join(lines))


def _write(text: str) -> None:
    """Writes to stdout without Python's buffer, which would fail a second time at exit.

    Raises:
        OutputError: It cannot be written.
        BrokenPipeError: The reader closed the pipe.
    """
    if sys.stdout.isatty():
        # A line of CSV, the only format that keeps control characters, may end in CR LF.
        text = "\r\n".join(map(printable_text, text.split("\r\n")))
    rest = text.encode("utf-8", "replace")
    try:
        while rest:
            rest = rest[os.write(sys.stdout.fileno(), rest) :]
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"the predictions cannot be written: {error.strerror}.") from error
