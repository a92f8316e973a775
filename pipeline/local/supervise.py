"""One run from start to end: starts the worker, follows it, stops it, sums up."""

import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TextIO

from pipeline.config.schema import PipelineConfig
from pipeline.console.view import View
from pipeline.local.signals import StopSignals
from pipeline.local.worker_process import Deadline, WorkerProcess
from pipeline.run.events import Event, Failed
from pipeline.run.lock import hold_workspace
from pipeline.run.outcome import build_summary
from pipeline.run.paths import RunFolder, WorkspaceError, open_run
from pipeline.run.state import Board
from pipeline.run.summary import Summary, write_summary

WORKER = (sys.executable, "-m", "pipeline.local.worker")
GO_ON = "run the same command again; finished components are reused"

_TICK_SECONDS = 0.2
_PATIENCE_SECONDS = 10.0
_ERROR_LINE = re.compile(r"^(\w+\.)*\w*(Error|Exception|Interrupt|Exit)\b")


def supervise(
    config: PipelineConfig,
    workspace: Path,
    view: View,
    *,
    environment: Mapping[str, str],
    config_path: str | None = None,
    worker: Sequence[str] = WORKER,
    patience_seconds: float = _PATIENCE_SECONDS,
    on_wait: Callable[[str], None] | None = None,
) -> Summary:
    """Runs the pipeline in a worker process and shows how it goes.

    SIGINT and SIGTERM end the worker and then the run; a second one kills the worker at once.

    Args:
        config: What to run.
        workspace: Where; made if missing.
        view: Who is told.
        environment: Environment variables, to which the worker's are added.
        config_path: The configuration's file, for the summary.
        worker: Command that starts the worker.
        patience_seconds: How long a worker that was asked to end may take.
        on_wait: Told what is waited for while another run uses the workspace; None does not wait.

    Returns:
        What it came to; it is also in the run's `summary.json`.

    Raises:
        WorkspaceError: The workspace is in use, cannot be written, or is full.
    """
    with (
        # Before signals are only noted: Ctrl-C ends the wait for the workspace at once.
        hold_workspace(workspace.absolute(), on_wait) as lock,
        StopSignals() as signals,
    ):
        run = open_run(workspace, config)
        started = datetime.now(timezone.utc)
        board = Board()
        view.begin(run)
        try:
            lock.tell(run.run_id)
            command = [*worker, "--run-dir", str(run.path), "--workspace", str(run.workspace)]
            with run.events.open("a", encoding="utf-8") as record:
                process = WorkerProcess(
                    [*command, "--run-id", run.run_id], run.log, worker_environment(environment)
                )
                follower = _Follower(process, board, view, record, signals, patience_seconds)
                follower.follow(run)
            summary = build_summary(
                board,
                run,
                config.gate,
                started=started,
                finished=datetime.now(timezone.utc),
                config_path=config_path,
                exit_code=128 + signals.received[0] if follower.is_stopped else None,
            )
            write_summary(summary, run)
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            message = f"the workspace {run.workspace} cannot be written: {error.strerror}{where}"
            raise WorkspaceError(message) from error
        finally:
            view.close(board)
        view.end(summary, run)
        return summary


def worker_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The worker's environment variables."""
    return {
        "TF_CPP_MIN_LOG_LEVEL": "1",
        **environment,
        # Importing tensorflow_transform sets it to 1 where it is not set.
        "TF_USE_LEGACY_KERAS": "0",
        "PYTHONUNBUFFERED": "1",
    }


class _Follower:
    """Follows one worker to its end."""

    def __init__(
        self,
        process: WorkerProcess,
        board: Board,
        view: View,
        record: TextIO,
        signals: StopSignals,
        patience_seconds: float,
    ) -> None:
        self._process = process
        self._board = board
        self._view = view
        self._record = record
        self._signals = signals
        self._patience_seconds = patience_seconds
        self._handled = 0
        self._deadline = Deadline()
        self.is_stopped = False

    def follow(self, run: RunFolder) -> None:
        """Returns when the worker and all that it started have ended."""
        try:
            while self._process.returncode is None:
                for event in self._process.events(self._signals.fd, _TICK_SECONDS):
                    self._tell(event)
                self._obey()
                self._view.tick(self._board)
            for event in self._process.drain():
                self._tell(event)
            self._obey()
        except ValueError as error:
            self._tell(Failed(cause=f"the worker sent something strange: {error}"))
        finally:
            self._process.end()
        if not self._handled and (failure := self._find_failure(run)):
            self._tell(failure)

    def _tell(self, event: Event) -> None:
        if self.is_stopped and isinstance(event, Failed) and self._board.failure is not None:
            return  # A worker that is being stopped fails in some way; that is no news.
        self._record.write(event.model_dump_json() + "\n")
        self._record.flush()
        self._board.apply(event)
        self._view.show(event, self._board)

    def _obey(self) -> None:
        """Passes signals on: the first as SIGTERM; a second one, or a long wait, as SIGKILL."""
        self._signals.clear()
        received = self._signals.received
        if len(received) > self._handled:
            is_first = self._handled == 0
            self._handled = len(received)
            if is_first and len(received) == 1:
                self._stop(received[0])
            else:
                self._process.signal(signal.SIGKILL)
        if self._deadline.is_over:
            self._process.signal(signal.SIGKILL)

    def _stop(self, number: signal.Signals) -> None:
        self._deadline.set(self._patience_seconds)
        self._process.signal(signal.SIGTERM)
        if self._board.failure is None and not self._board.is_complete:
            self.is_stopped = True
            self._tell(Failed(cause=f"interrupted by {number.name}", hint=GO_ON))
        self._view.notice(
            f"stopping, at most {self._patience_seconds:.0f} seconds; Ctrl-C again stops at once"
        )

    def _find_failure(self, run: RunFolder) -> Failed | None:
        """What to say of a worker that ended without saying itself why, or too early."""
        if self._board.failure is not None:
            return None
        running = self._board.running
        component = running.component if running else None
        during = f"while {component} was running" if component else "between components"
        code = self._process.returncode
        if code is not None and code < 0:
            likely = " (often: out of memory)" if code == -signal.SIGKILL else ""
            cause = f"the worker was killed by signal {-code}{likely} {during}"
            return Failed(component=component, cause=cause, hint=GO_ON)
        if code != 0 or not self._board.is_complete:
            cause = f"the worker ended with exit code {code} {during}"
            error = _last_error(run.log)
            return Failed(component=component, cause=f"{cause}: {error}" if error else cause)
        return None


def _last_error(log: Path) -> str | None:
    """The last line of a log that names an exception, which is how Python's tracebacks end."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-200:]
    found = [line for line in lines if _ERROR_LINE.match(line)]
    return found[-1][:300] if found else None
