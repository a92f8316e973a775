"""Copies the chief's log to this task's log while it trains."""

import logging
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timezone

import urllib3
from kubernetes.client.exceptions import ApiException

from components.errors import UserError
from pipeline.cluster.training_job.cluster import Cluster

_logger = logging.getLogger(__name__)
_PAUSE_SECONDS = 2.0


class ChiefLog:
    """Follows the chief's log in a thread, once its pod has started."""

    def __init__(self, cluster: Cluster, container: str) -> None:
        self._cluster = cluster
        self._container = container
        self._thread: threading.Thread | None = None
        self._is_finished = threading.Event()
        self._last = ""

    def follow(self, pod: str) -> None:
        """Starts the thread, unless it runs."""
        if self._thread is None:
            # A daemon: a read that waits for the next line cannot be cancelled.
            self._thread = threading.Thread(target=self._run, args=(pod,), daemon=True)
            self._thread.start()

    def finish(self, seconds: float) -> None:
        """Waits up to this long for the last lines."""
        self._is_finished.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self, pod: str) -> None:
        while True:
            is_last = self._is_finished.is_set()
            try:
                for line in self._lines(pod):
                    _logger.info("%s", line)
            except (ApiException, urllib3.exceptions.HTTPError, UserError) as error:
                # Not an error of the training, whose state is watched elsewhere.
                _logger.warning("the log of %s cannot be read: %s", pod, _short(error))
            if is_last:
                return
            self._is_finished.wait(_PAUSE_SECONDS)

    def _lines(self, pod: str) -> Iterator[str]:
        """The lines that have not been read yet; a stream may end before the log does."""
        for line in self._cluster.follow_log(pod, self._container, self._since_seconds()):
            stamp, _, text = line.partition(" ")
            # RFC 3339 in UTC, of one length but for trailing zeros, so that they compare as text.
            if stamp > self._last:
                self._last = stamp
                yield text

    def _since_seconds(self) -> int | None:
        if not self._last:
            return None
        # To the second: fractions have nine digits, more than Python parses.
        last = datetime.fromisoformat(self._last[:19]).replace(tzinfo=timezone.utc)
        return max(1, int(time.time() - last.timestamp()) + 2)


def _short(error: Exception) -> str:
    if isinstance(error, ApiException):
        return f"{error.status} {error.reason}"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
