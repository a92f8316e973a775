"""The last lines of a failed task's log.

KFP's published v2beta1 API has none. Its server reads the log of a pod, or from Argo's archive, at
/apis/v1alpha1/runs/{run_id}/nodes/{pod}/log (backend/src/apiserver/main.go); its user interface,
which is what users usually reach, at /k8s/pod/logs (frontend/server/app.ts). Both need the name of
the pod, which many versions of KFP do not report: Argo builds it from the workflow, the template
and the number at the end of the node's id.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..client.api import PipelinesHost
from ..client.errors import HostError

_LINES = 25
_MOST_BYTES = 64 << 20
_MOST_TRIES = 24
# backend/src/v2/compiler/argocompiler/container.go: the second where a task has retries.
_TEMPLATES = ("retry-system-container-impl", "system-container-impl")


@dataclass(frozen=True)
class LogTail:
    """The last lines of a log, or why there are none."""

    lines: tuple[str, ...]
    why_none: str = ""


def read_log_tail(
    host: PipelinesHost, run_id: str, pods: Iterable[str], lines: int = _LINES
) -> LogTail:
    """Reads the end of the first log that can be read, of pods by name or Argo id."""
    why, tries = "KFP does not say which pod ran it", 0
    for pod in pods:
        for name in _pod_names(pod):
            for path, query in _places(host, run_id, name):
                if tries == _MOST_TRIES:
                    return LogTail((), why)
                tries += 1
                try:
                    found = _tail(host.read_text("reading a log", path, query), lines)
                except HostError as error:
                    # A page says only that logs are elsewhere.
                    why = error.message if error.status else why
                    if error.status in (401, 403):
                        return LogTail((), why)
                    continue
                if found:
                    return LogTail(found)
    return LogTail((), why)


def _pod_names(pod: str) -> Iterator[str]:
    workflow, dash, number = pod.rpartition("-")
    if dash and number.isdigit() and "system-container-impl" not in workflow:
        for template in _TEMPLATES:
            yield f"{workflow}-{template}-{number}"
    yield pod


def _places(host: PipelinesHost, run_id: str, pod: str) -> Iterator[tuple[str, dict[str, str]]]:
    query = {"podname": pod, "runid": run_id}
    if host.namespace:
        query["podnamespace"] = host.namespace
    yield "/k8s/pod/logs", query
    yield f"/apis/v1alpha1/runs/{run_id}/nodes/{pod}/log", {}


def _tail(pieces: Iterable[bytes], lines: int) -> tuple[str, ...]:
    last: deque[str] = deque(maxlen=lines)
    rest, size = b"", 0
    for piece in pieces:
        size += len(piece)
        *whole, rest = (rest + piece).split(b"\n")
        last.extend(line.decode(errors="replace").rstrip() for line in whole)
        if size > _MOST_BYTES:
            break
    if rest:
        last.append(rest.decode(errors="replace"))
    return tuple(line for line in last if line.strip())
