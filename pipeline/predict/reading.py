"""Reads and checks images ahead of the model, in batches of limited size."""

import queue
import threading
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

from components import storage
from components.images.check import Rejected, check_image, check_size
from components.images.convert import decodable
from components.images.limits import ImageLimits
from components.parallel import count_cores
from pipeline.predict.inputs import Listed

BATCH_SIZE = 32
"""Images per call of the model; MobileNetV2 on 2 cores is 3 times as fast as with single images."""

MAX_AHEAD = 64
"""Images read ahead: two batches, so that the next one is ready when the model is."""

MAX_BYTES_AHEAD = 256 * 1024**2
"""Bytes of files that may be in memory ahead of a batch."""

DEFAULT_LIMITS = ImageLimits()
"""Of a model that does not say what it was trained with."""


class Image(NamedTuple):
    """An image that passed the checks of training data."""

    path: str
    contents: bytes
    """What the model decodes: the file's bytes, or the PNG that they are converted to."""
    pixels: int
    """Width x height."""


class Unreadable(NamedTuple):
    """A file that cannot be read or failed the checks, and why."""

    path: str
    reason: str


Read = Image | Unreadable


def read_image(listed: Listed, limits: ImageLimits = DEFAULT_LIMITS) -> Read:
    """Reads one file and checks it as ingest does; errors are returned, not raised."""
    if listed.error is not None:
        return Unreadable(listed.path, listed.error)
    try:
        fault = check_size(storage.file_facts(listed.path).bytes, limits)
        contents = b"" if fault else storage.read_bytes(listed.path)
    except FileNotFoundError:
        return Unreadable(listed.path, "there is no such file")
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path.
        return Unreadable(listed.path, getattr(error, "strerror", None) or str(error))
    verdict = fault or check_image(contents, limits)
    if isinstance(verdict, Rejected):
        return Unreadable(listed.path, verdict.message)
    return Image(listed.path, decodable(contents), verdict.height * verdict.width)


def read_batches(
    listed: Iterable[Listed],
    limits: ImageLimits = DEFAULT_LIMITS,
    max_wait_seconds: float | None = None,
) -> Generator[list[Read], None, None]:
    """Reads files in threads, ahead of the caller.

    Args:
        listed: The files; may block, and may never end.
        limits: How large an image may be. A batch has at most as many pixels as one image, which
            the model must be able to take anyway.
        max_wait_seconds: How long to wait for another file before yielding an incomplete batch.
            None waits forever, so that the batches, and with them the last bits of the scores, do
            not depend on timing.

    Yields:
        Up to `BATCH_SIZE` files of up to `max_image_pixels` pixels together, in order.
    """
    with _ReadingAhead(listed, limits) as reading:
        batch: list[Read] = []
        pixels = 0
        while True:
            try:
                read = reading.take(max_wait_seconds if batch else None)
            except queue.Empty:
                yield batch
                batch, pixels = [], 0
                continue
            if read is None:
                break
            more = read.pixels if isinstance(read, Image) else 0
            if batch and (len(batch) == BATCH_SIZE or pixels + more > limits.max_image_pixels):
                yield batch
                batch, pixels = [], 0
            batch.append(read)
            pixels += more
        if batch:
            yield batch


class _ReadingAhead:
    """A thread that lists files, a thread per core that reads them, and a queue of the results."""

    def __init__(self, listed: Iterable[Listed], limits: ImageLimits) -> None:
        self._listed = listed
        self._limits = limits
        self._ready: queue.Queue[tuple[int, Future[Read]] | BaseException | None]
        self._ready = queue.Queue(MAX_AHEAD)
        self._budget = _ByteBudget(MAX_BYTES_AHEAD)
        self._is_over = False
        self._readers = ThreadPoolExecutor(count_cores())
        # A daemon: it may still wait for stdin when everything else has ended.
        self._lister = threading.Thread(target=self._list, daemon=True)

    def __enter__(self) -> "_ReadingAhead":
        self._lister.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._budget.lift()
        with suppress(queue.Empty):
            while True:
                self._ready.get_nowait()
        self._readers.shutdown(wait=False, cancel_futures=True)

    def take(self, max_wait_seconds: float | None) -> Read | None:
        """The next file, or None at the end.

        Raises:
            queue.Empty: No file was ready within `max_wait_seconds`.
        """
        item = self._ready.get(timeout=max_wait_seconds)
        if item is None:
            return None
        if isinstance(item, BaseException):
            raise item
        size, future = item
        read = future.result()
        self._budget.release(size)
        return read

    def _list(self) -> None:
        end = None
        try:
            for listed in self._listed:
                size = _size(listed, self._limits)
                self._budget.acquire(size)
                if self._is_over:
                    return
                self._ready.put((size, self._readers.submit(read_image, listed, self._limits)))
        except BaseException as error:
            end = error
        self._ready.put(end)


class _ByteBudget:
    """Limits the bytes in use; `acquire` blocks until there are enough."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._used = 0
        self._changed = threading.Condition()

    def acquire(self, size: int) -> None:
        with self._changed:
            # A file larger than the whole budget is read alone.
            self._changed.wait_for(lambda: not self._used or self._used + size <= self._total)
            self._used += size

    def release(self, size: int) -> None:
        with self._changed:
            self._used -= size
            self._changed.notify_all()

    def lift(self) -> None:
        """Removes the limit, so that nothing blocks any longer."""
        with self._changed:
            self._used = 0
            self._total = 2**63
            self._changed.notify_all()


def _size(listed: Listed, limits: ImageLimits) -> int:
    if listed.error is not None:
        return 0
    with suppress(OSError, ValueError):
        # Larger files are rejected without being read.
        return min(storage.file_facts(listed.path).bytes, limits.max_image_bytes)
    return 0
