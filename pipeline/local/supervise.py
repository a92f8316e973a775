"""One run from start to end: starts the worker, follows its events, stops it, sums up."""

import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TextIO

from components.tensorflow_environment import prepare_tensorflow
from pipeline.config.schema import PipelineConfig
from pipeline.console.final import closing_lines, shown_path
from pipeline.console.view import View
from pipeline.exit_codes import WRONG_USAGE
from pipeline.local.signals import StopSignals
from pipeline.local.worker_process import Deadline, WorkerProcess
from pipeline.run.events import Event, Failed
from pipeline.run.killed import complete_killed_runs
from pipeline.run.lock import lock_workspace
from pipeline.run.outcome import build_summary
from pipeline.run.paths import RunFolder, WorkspaceError, open_run
from pipeline.run.state import RunState
from pipeline.run.summary import Summary, write_summary

WORKER = (sys.executable, "-m", "pipeline.local.worker")
RERUN_HINT = "run the same command again; finished components are reused"

_TICK_SECONDS = 0.2
_STOP_TIMEOUT_SECONDS = 10.0
_ERROR_LINE = re.compile(r"^(\w+\.)*\w*(Error|Exception|Interrupt|Exit)\b")


def supervise(
    config: PipelineConfig,
    workspace: Path,
    view: View,
    *,
    environment: Mapping[str, str],
    config_path: str | None = None,
    worker: Sequence[str] = WORKER,
    stop_timeout_seconds: float = _STOP_TIMEOUT_SECONDS,
    on_wait: Callable[[str], None] | None = None,
) -> Summary:
    """Runs the pipeline in a worker process and shows its progress.

    SIGINT and SIGTERM stop the worker and then the run; a second one kills the worker at once.

    The summary is also in the run's `summary.json`. `on_wait` gets a message while another run uses
    the workspace; None does not wait. The worker may take `stop_timeout_seconds` to end after
    SIGTERM.

    Raises:
        WorkspaceError: The workspace is in use, cannot be written, or is full.
    """
    with (
        # Before `StopSignals`: Ctrl-C ends the wait for the workspace at once.
        lock_workspace(workspace.absolute(), on_wait) as lock,
        StopSignals() as signals,
    ):
        complete_killed_runs(workspace.absolute())
        run = open_run(workspace, config)
        started = datetime.now(timezone.utc)
        state = RunState()
        view.begin([f"Run {run.run_id}", f"Log {shown_path(run.log)}"])
        try:
            lock.record_run(run.run_id)
            command = [*worker, "--run-dir", str(run.path), "--workspace", str(run.workspace)]
            with run.events.open("a", encoding="utf-8") as event_log:
                process = WorkerProcess(
                    [*command, "--run-id", run.run_id], run.log, worker_environment(environment)
                )
                follower = _Follower(process, state, view, event_log, signals, stop_timeout_seconds)
                follower.follow(run)
            summary = build_summary(
                state,
                run,
                config.gate,
                started=started,
                finished=datetime.now(timezone.utc),
                config_path=config_path,
                exit_code=_exit_code(follower, signals, process),
            )
            write_summary(summary, run)
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            message = f"the workspace {run.workspace} cannot be written: {error.strerror}{where}"
            raise WorkspaceError(message) from error
        finally:
            view.close(state)
        view.end(state.outcome.word, closing_lines(state, summary, run))
        return summary


def _exit_code(follower: "_Follower", signals: StopSignals, process: WorkerProcess) -> int | None:
    """What the command exits with where that does not follow from the outcome."""
    if follower.is_stopped:
        return 128 + signals.received[0]
    return WRONG_USAGE if process.returncode == WRONG_USAGE else None


def worker_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The worker's environment variables."""
    worker = {**environment, "PYTHONUNBUFFERED": "1"}
    prepare_tensorflow(worker)
    return worker


@dataclass
class _Follower:
    """Follows one worker until it ends."""

    process: WorkerProcess
    state: RunState
    view: View
    event_log: TextIO
    signals: StopSignals
    stop_timeout_seconds: float

    def __post_init__(self) -> None:
        self._forwarded = 0
        self._deadline = Deadline()
        self.is_stopped = False

    def follow(self, run: RunFolder) -> None:
        """Returns when the worker and all processes it started have ended."""
        try:
            while self.process.returncode is None:
                for event in self.process.events(self.signals.fd, _TICK_SECONDS):
                    self._report(event)
                self._forward_signals()
                self.view.tick(self.state)
            for event in self.process.drain():
                self._report(event)
            self._forward_signals()
        except ValueError as error:
            self._report(Failed(cause=f"malformed event from the worker: {error}"))
        finally:
            self.process.end()
        if not self._forwarded and (failure := self._find_failure(run)):
            self._report(failure)

    def _report(self, event: Event) -> None:
        if self.is_stopped and isinstance(event, Failed) and self.state.failure is not None:
            return  # A worker that is being stopped fails one way or another.
        self.event_log.write(event.model_dump_json() + "\n")
        self.event_log.flush()
        self.state.apply(event)
        self.view.show(self.state)

    def _forward_signals(self) -> None:
        """Forwards the first signal as SIGTERM; a second one, or a timeout, kills the worker."""
        self.signals.clear()
        received = self.signals.received
        if len(received) > self._forwarded:
            is_first = self._forwarded == 0
            self._forwarded = len(received)
            if is_first and len(received) == 1:
                self._stop(received[0])
            else:
                self.process.signal(signal.SIGKILL)
        if self._deadline.is_over:
            self.process.signal(signal.SIGKILL)

    def _stop(self, number: signal.Signals) -> None:
        self._deadline.set(self.stop_timeout_seconds)
        self.process.signal(signal.SIGTERM)
        if self.state.failure is None and not self.state.is_complete:
            self.is_stopped = True
            self._report(Failed(cause=f"interrupted by {number.name}", hint=RERUN_HINT))
        self.view.notice(
            f"stopping, at most {self.stop_timeout_seconds:.0f} seconds; Ctrl-C again stops at once"
        )

    def _find_failure(self, run: RunFolder) -> Failed | None:
        """The failure of a worker that ended early, or without reporting one itself."""
        if self.state.failure is not None:
            return None
        running = self.state.running
        component = running.component if running else None
        during = f"while {component} was running" if component else "between components"
        code = self.process.returncode
        if code is not None and code < 0:
            likely = " (often: out of memory)" if code == -signal.SIGKILL else ""
            cause = f"the worker was killed by signal {-code}{likely} {during}"
            return Failed(component=component, cause=cause, hint=RERUN_HINT)
        if code != 0 or not self.state.is_complete:
            cause = f"the worker ended with exit code {code} {during}"
            error = _last_error(run.log)
            return Failed(component=component, cause=f"{cause}: {error}" if error else cause)
        return None


def _last_error(log: Path) -> str | None:
    """The last line of a log that looks like the end of a Python traceback."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-200:]
    found = [line for line in lines if _ERROR_LINE.match(line)]
    return found[-1][:300] if found else None
