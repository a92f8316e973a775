"""Reads and checks images ahead of the model, in batches of bounded size."""

import queue
import threading
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

from components import storage
from components.example_gen.settings import DataSettings
from components.images.check import Rejected, check_image, check_size
from components.parallel import count_cores
from pipeline.predict.inputs import Listed

BATCH_SIZE = 32
"""Images per call of the model; MobileNetV2 on 2 cores is 3 times as fast as with one by one."""

MAX_AHEAD = 64
"""Images read ahead: two batches, so that the next one is there when the model is done."""

MAX_BYTES_AHEAD = 256 * 1024**2
"""Bytes of files that may lie in memory ahead of a batch."""

# Only the limits of the section are asked for; a path, which it needs, there is none.
_LIMITS = DataSettings.model_construct()

MAX_BATCH_PIXELS = _LIMITS.max_image_pixels
"""Pixels of one batch: no more than one image may have, which the model must stand anyway."""


class Image(NamedTuple):
    """An image that training could use, and so can the model."""

    path: str
    contents: bytes
    pixels: int
    """Width x height."""


class Unreadable(NamedTuple):
    """A file that is no such image, and why."""

    path: str
    reason: str


Read = Image | Unreadable


def read_image(listed: Listed) -> Read:
    """Reads one file and checks it as ingest does; whatever is wrong with it ends in the answer."""
    if listed.error is not None:
        return Unreadable(listed.path, listed.error)
    try:
        fault = check_size(storage.file_facts(listed.path).bytes, _LIMITS)
        contents = b"" if fault else storage.read_bytes(listed.path)
    except FileNotFoundError:
        return Unreadable(listed.path, "there is no such file")
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path.
        return Unreadable(listed.path, getattr(error, "strerror", None) or str(error))
    verdict = fault or check_image(contents, _LIMITS)
    if isinstance(verdict, Rejected):
        return Unreadable(listed.path, f"{verdict.reason}: {verdict.detail}")
    return Image(listed.path, contents, verdict.height * verdict.width)


def read_batches(
    listed: Iterable[Listed], patience_seconds: float | None = None
) -> Generator[list[Read], None, None]:
    """Reads files, in threads ahead of whoever takes them.

    Args:
        listed: Which ones; may be endless, and may keep us waiting.
        patience_seconds: How long to wait for another file before what there is goes out as a
            batch. None waits for ever, so that batches, and with them the last bits of the scores,
            do not depend on how fast files come.

    Yields:
        Up to `BATCH_SIZE` files of up to `MAX_BATCH_PIXELS` pixels together, in order.
    """
    with _ReadingAhead(listed) as reading:
        batch: list[Read] = []
        pixels = 0
        while True:
            try:
                read = reading.take(patience_seconds if batch else None)
            except queue.Empty:
                yield batch
                batch, pixels = [], 0
                continue
            if read is None:
                break
            more = read.pixels if isinstance(read, Image) else 0
            if batch and (len(batch) == BATCH_SIZE or pixels + more > MAX_BATCH_PIXELS):
                yield batch
                batch, pixels = [], 0
            batch.append(read)
            pixels += more
        if batch:
            yield batch


class _ReadingAhead:
    """A thread that lists, a thread per core that reads, and what they have ready."""

    def __init__(self, listed: Iterable[Listed]) -> None:
        self._listed = listed
        self._ready: queue.Queue[tuple[int, Future[Read]] | BaseException | None]
        self._ready = queue.Queue(MAX_AHEAD)
        self._space = _Space(MAX_BYTES_AHEAD)
        self._is_over = False
        self._readers = ThreadPoolExecutor(count_cores())
        # A daemon: it may be waiting for stdin when everything else is over.
        self._lister = threading.Thread(target=self._list, daemon=True)

    def __enter__(self) -> "_ReadingAhead":
        self._lister.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._space.open_up()
        with suppress(queue.Empty):
            while True:
                self._ready.get_nowait()
        self._readers.shutdown(wait=False, cancel_futures=True)

    def take(self, patience_seconds: float | None) -> Read | None:
        """The next file, or None at the end.

        Raises:
            queue.Empty: Nothing came for `patience_seconds`.
        """
        item = self._ready.get(timeout=patience_seconds)
        if item is None:
            return None
        if isinstance(item, BaseException):
            raise item
        size, future = item
        read = future.result()
        self._space.give(size)
        return read

    def _list(self) -> None:
        end = None
        try:
            for listed in self._listed:
                size = _size(listed)
                self._space.take(size)
                if self._is_over:
                    return
                self._ready.put((size, self._readers.submit(read_image, listed)))
        except BaseException as error:
            end = error
        self._ready.put(end)


class _Space:
    """Counts bytes; who wants more than there are waits."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._used = 0
        self._changed = threading.Condition()

    def take(self, size: int) -> None:
        with self._changed:
            # What is larger than everything goes alone.
            self._changed.wait_for(lambda: not self._used or self._used + size <= self._total)
            self._used += size

    def give(self, size: int) -> None:
        with self._changed:
            self._used -= size
            self._changed.notify_all()

    def open_up(self) -> None:
        """Lets everybody through from now on."""
        with self._changed:
            self._used = 0
            self._total = 2**63
            self._changed.notify_all()


def _size(listed: Listed) -> int:
    if listed.error is not None:
        return 0
    with suppress(OSError, ValueError):
        # No more than that is read of any file.
        return min(storage.file_facts(listed.path).bytes, _LIMITS.max_image_bytes)
    return 0
