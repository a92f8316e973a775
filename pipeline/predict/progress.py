"""How far a long list is, on a terminal; nothing elsewhere."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

_SECONDS_BETWEEN_LOOKS = 0.5


class Counter:
    """Files answered so far, and how many of them with an error.

    Attributes:
        done: Files answered.
        before: How many of them an earlier run had answered.
        failed: How many of them have an error.
        total: How many there will be; None while nobody knows.
    """

    def __init__(self) -> None:
        self.done = 0
        self.before = 0
        self.failed = 0
        self.total: int | None = None


@contextmanager
def spinner(text: str, stream: TextIO) -> Iterator[None]:
    """Shows that something is under way.

    Args:
        text: What.
        stream: Where; unless it is a terminal, nothing is shown.
    """
    if not _is_terminal(stream):
        yield
        return
    with _live(stream, TextColumn(text)) as bar:
        bar.add_task("", total=None)
        yield


@contextmanager
def counted(
    counter: Counter, stream: TextIO, look: Callable[[], object] = lambda: None
) -> Iterator[Callable[[str], None]]:
    """Shows a counter while the work goes on.

    Args:
        counter: What is shown; whoever works changes it.
        stream: Where; unless it is a terminal, nothing is shown.
        look: Called before the counter is read, to bring it up to date.

    Yields:
        A function that writes a line to the stream, above what is shown.
    """
    if not _is_terminal(stream):
        yield lambda text: print(text, file=stream)
        return
    columns = BarColumn(bar_width=20), TextColumn("{task.fields[words]}"), TimeElapsedColumn()
    with _live(stream, *columns) as bar, _kept_up_to_date(bar, counter, look):
        yield lambda text: bar.console.print(text, markup=False, highlight=False, soft_wrap=True)


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _live(stream: TextIO, *columns: TextColumn | BarColumn | TimeElapsedColumn) -> Progress:
    return Progress(
        SpinnerColumn(),
        *columns,
        console=Console(file=stream),
        transient=True,
        # Otherwise what others write to stderr and stdout would show above it.
        redirect_stdout=False,
        redirect_stderr=False,
    )


@contextmanager
def _kept_up_to_date(bar: Progress, counter: Counter, look: Callable[[], object]) -> Iterator[None]:
    is_over = threading.Event()
    task = bar.add_task("", total=None, words="")

    def update() -> None:
        start = time.monotonic()
        while not is_over.wait(_SECONDS_BETWEEN_LOOKS):
            with suppress(OSError):
                look()
            words = _words(counter, time.monotonic() - start)
            bar.update(task, completed=counter.done, total=counter.total, words=words)

    thread = threading.Thread(target=update, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _words(counter: Counter, seconds: float) -> str:
    of_all = f" of {counter.total:,}" if counter.total is not None else ""
    new = counter.done - counter.before
    rate = f", {new / seconds:,.0f}/s" if new > 0 else ""
    failed = f", {counter.failed:,} failed" if counter.failed else ""
    return f"{counter.done:,}{of_all} images{rate}{failed}"
