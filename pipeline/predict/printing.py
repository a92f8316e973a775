"""Asks about files and prints each answer as it comes."""

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from components.errors import UserError
from pipeline.predict.answering import answer
from pipeline.predict.inputs import STDIN, list_images
from pipeline.predict.output import Style, header, line
from pipeline.predict.prediction import Prediction
from pipeline.predict.progress import Counter, counted
from pipeline.predict.saved_model import LoadedModel

PATIENCE_SECONDS = 0.3
"""How long paths from stdin may keep a batch waiting: what writes them may be slow, or endless."""


class OutputError(UserError):
    """The answers cannot be written."""


def print_answers(
    model: LoadedModel, images: Sequence[str], style: Style, stderr: TextIO
) -> Counter:
    """Asks about files and prints each answer as it comes, in the order of the files.

    Args:
        model: The model.
        images: Files, folders, patterns, or `-`: see `pipeline.predict.inputs`.
        style: As what to print. As text, faults go to stderr; as CSV and JSON they are rows.
        stderr: The terminal, for faults and for how far it is.

    Returns:
        How many files there were, and how many of them failed.

    Raises:
        OutputError: stdout cannot be written.
    """
    counter = Counter()
    patience = PATIENCE_SECONDS if STDIN in images else None
    with _watched(images, counter, stderr) as say:
        _write(header(style, model.top))
        for answers in answer(model, list_images(images), patience):
            _tell(answers, style, model.top, say)
            counter.done += len(answers)
            counter.failed += sum(one.error is not None for one in answers)
    return counter


@contextmanager
def _watched(
    images: Sequence[str], counter: Counter, stderr: TextIO
) -> Iterator[Callable[[str], None]]:
    """Shows how far it is, unless the answers themselves do, on the same terminal."""
    if sys.stdout.isatty():
        yield lambda text: print(text, file=stderr)
        return
    with counted(counter, stderr) as say:
        if stderr.isatty() and STDIN not in images:
            threading.Thread(target=_count, args=(images, counter), daemon=True).start()
        yield say


def _count(images: Sequence[str], counter: Counter) -> None:
    counter.total = sum(1 for _ in list_images(images))


def _tell(
    answers: Sequence[Prediction], style: Style, top: int, say: Callable[[str], None]
) -> None:
    """Prints a batch; each fault between its neighbours also where both go to a terminal."""
    lines: list[str] = []
    for one in answers:
        if style == "text" and one.error is not None:
            _write("".join(lines))
            lines.clear()
            say(line(one, style, top).rstrip("\n"))
        else:
            lines.append(line(one, style, top))
    _write("".join(lines))


def _write(text: str) -> None:
    """Writes to stdout, past Python's buffer: what fails should not fail again at the exit.

    Raises:
        OutputError: It cannot be written.
        BrokenPipeError: Nobody reads on.
    """
    rest = text.encode("utf-8", "replace")
    try:
        while rest:
            rest = rest[os.write(sys.stdout.fileno(), rest) :]
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"the answers cannot be written: {error.strerror}.") from error
