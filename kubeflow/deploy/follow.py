"""Follows a run until it ends, through short outages of the host."""

import time
from collections.abc import Callable

from pipeline.console.view import View
from pipeline.run.state import RunState

from ..client.api import PipelinesHost
from ..client.errors import HostError
from .package import Package
from .run import KfpRun, read_run

_PATIENCE_SECONDS = 600.0
_TICK_SECONDS = 0.2
# No response, a server error or "try later": the run itself is not affected.
_PASSING = frozenset({0, 429, 500, 502, 503, 504})


def follow(
    host: PipelinesHost,
    run_id: str,
    package: Package,
    view: View,
    state: RunState,
    poll_seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> KfpRun:
    """Shows a run until it ends, and keeps `state` up to date.

    The view is begun and, even after an error, closed here.

    Raises:
        HostError: If the host does not answer for ten minutes, or refuses.
    """
    lost_at: float | None = None
    view.begin(())
    try:
        while True:
            try:
                get_run = host.api.runs.get_run
                run = read_run(
                    host.read_json("looking at the run", get_run, run_id=run_id), package
                )
            except HostError as error:
                lost_at = clock() if lost_at is None else lost_at
                if error.status not in _PASSING or clock() - lost_at > _PATIENCE_SECONDS:
                    raise
                view.notice(f"{error.message}; trying again")
            else:
                lost_at = None
                view.notice("")
                run.update(state)
                view.show(state)
                if run.is_over:
                    return run
            _wait(poll_seconds, view, state, clock)
    finally:
        view.close(state)


def _wait(seconds: float, view: View, state: RunState, clock: Callable[[], float]) -> None:
    end = clock() + seconds
    while (left := end - clock()) > 0:
        time.sleep(min(left, _TICK_SECONDS))
        view.tick(state)
