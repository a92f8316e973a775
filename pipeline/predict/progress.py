"""Progress of a long list of files, shown on terminals only."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from components.printable import printable

_REFRESH_SECONDS = 0.5


class Counter:
    """Number of files predicted so far, and how many of them failed.

    Attributes:
        done: Files predicted, failed ones included.
        before: How many of them an earlier run had finished.
        failed: How many of them failed.
        total: Number of files in total; None while unknown.
    """

    def __init__(self) -> None:
        self.done = 0
        self.before = 0
        self.failed = 0
        self.total: int | None = None


@contextmanager
def spinner(text: str, stream: TextIO) -> Iterator[None]:
    """Shows a spinner on a terminal, and nothing elsewhere."""
    if not _is_terminal(stream):
        yield
        return
    with _live(stream, TextColumn(printable(text), markup=False)) as bar:
        bar.add_task("", total=None)
        yield


@contextmanager
def show_progress(
    counter: Counter, stream: TextIO, refresh: Callable[[], object] = lambda: None
) -> Iterator[Callable[[str], None]]:
    """Shows a counter until the context ends.

    Args:
        counter: The counter, which the caller updates.
        stream: Where to show it; nothing is shown unless it is a terminal.
        refresh: Called before the counter is read, to update it.

    Yields:
        A function that prints a line to the stream, above the progress.
    """
    if not _is_terminal(stream):
        yield lambda text: print(text, file=stream)
        return
    columns = BarColumn(bar_width=20), TextColumn("{task.fields[text]}"), TimeElapsedColumn()
    with _live(stream, *columns) as bar, _updating(bar, counter, refresh):
        yield lambda text: bar.console.print(text, markup=False, highlight=False, soft_wrap=True)


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _live(stream: TextIO, *columns: TextColumn | BarColumn | TimeElapsedColumn) -> Progress:
    return Progress(
        SpinnerColumn(),
        *columns,
        console=Console(file=stream),
        transient=True,
        # Otherwise rich would show other output to stderr and stdout above it.
        redirect_stdout=False,
        redirect_stderr=False,
    )


@contextmanager
def _updating(bar: Progress, counter: Counter, refresh: Callable[[], object]) -> Iterator[None]:
    is_over = threading.Event()
    task = bar.add_task("", total=None, text="")

    def update() -> None:
        start = time.monotonic()
        while not is_over.wait(_REFRESH_SECONDS):
            with suppress(OSError):
                refresh()
            text = _format(counter, time.monotonic() - start)
            bar.update(task, completed=counter.done, total=counter.total, text=text)

    thread = threading.Thread(target=update, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _format(counter: Counter, seconds: float) -> str:
    of_all = f" of {counter.total:,}" if counter.total is not None else ""
    new = counter.done - counter.before
    rate = f", {new / seconds:,.0f}/s" if new > 0 else ""
    failed = f", {counter.failed:,} failed" if counter.failed else ""
    return f"{counter.done:,}{of_all} images{rate}{failed}"
