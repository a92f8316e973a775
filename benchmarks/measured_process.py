"""One command in a fresh process, and what it took."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from components.errors import UserError

SAMPLE_SECONDS = 0.5
"""Between two looks at the memory; a look at a process of 2 GB takes milliseconds."""

_LOG_LINES = 15


@dataclass(frozen=True)
class Sample:
    """Memory at one moment.

    Attributes:
        seconds: Since the command started.
        pss_bytes: PSS of all its processes together.
        rss_bytes: Resident memory of each process by its name, the largest of a name.
        anon_bytes: The same without pages of files, which the kernel can drop at any time.
        phase: What was running, as the caller names it.
    """

    seconds: float
    pss_bytes: int
    rss_bytes: Mapping[str, int]
    anon_bytes: Mapping[str, int]
    phase: str


@dataclass(frozen=True)
class Measured:
    """What a command took.

    Attributes:
        exit_code: What it exited with.
        started: When it started, in seconds since the epoch.
        seconds: Wall time.
        cpu_seconds: CPU time of it and all it started.
        peak_pss_bytes: Most memory of all its processes together.
        largest_process_bytes: Peak resident memory of the largest of them.
        written_bytes: What they sent towards the disk.
        samples: Memory over time.
    """

    exit_code: int
    started: float
    seconds: float
    cpu_seconds: float
    peak_pss_bytes: int
    largest_process_bytes: int
    written_bytes: int
    samples: tuple[Sample, ...] = field(repr=False, default=())


def run_measured(
    command: Sequence[str],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    phase: Callable[[], str] = lambda: "",
    accepted_codes: Sequence[int] = (0,),
) -> Measured:
    """Runs a command until it ends.

    Args:
        command: The command line.
        log: File that takes what it prints.
        environment: Variables beside those of this process.
        folder: Where it runs; None is here.
        phase: Returns, for each sample, what is running.
        accepted_codes: Exit codes that are not failures.

    Raises:
        UserError: It failed; the message has the end of its log.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.time()
    start = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(command),
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
            cwd=folder,
            # A group of its own: if this one is stopped, all of it is.
            start_new_session=True,
        )
        sampler = _Sampler(process.pid, start, phase)
        try:
            # WNOWAIT: the accounts of a process are gone once it has been waited for.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            seconds = time.monotonic() - start
            written = _written_bytes(process.pid)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            sampler.stop()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    measured = Measured(
        exit_code=process.returncode,
        started=started,
        seconds=seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_pss_bytes=max((sample.pss_bytes for sample in sampler.samples), default=0),
        largest_process_bytes=usage.ru_maxrss * 1024,
        written_bytes=written,
        samples=tuple(sampler.samples),
    )
    if measured.exit_code not in accepted_codes:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])
        raise UserError(f"{' '.join(command)}\nexited with {measured.exit_code}:\n{tail}", str(log))
    return measured


class _Sampler:
    """Looks at the memory of a process and all below it, in a thread of its own."""

    def __init__(self, pid: int, start: float, phase: Callable[[], str]) -> None:
        self.samples: list[Sample] = []
        self._root = psutil.Process(pid)
        self._start = start
        self._phase = phase
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._look()
            if self._end.wait(SAMPLE_SECONDS):
                return

    def _look(self) -> None:
        total = 0
        resident: dict[str, int] = {}
        anonymous: dict[str, int] = {}
        try:
            processes = [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        for process in processes:
            try:
                memory = process.memory_full_info()
                name = process_name(process.cmdline())
            except (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError):
                continue  # It has just ended.
            total += memory.pss
            resident[name] = max(resident.get(name, 0), memory.rss)
            anonymous[name] = max(anonymous.get(name, 0), memory.rss - memory.shared)
        seconds = time.monotonic() - self._start
        self.samples.append(Sample(round(seconds, 3), total, resident, anonymous, self._phase()))


def process_name(command: Sequence[str]) -> str:
    """What a process is called in a table: its module or its script, else its program."""
    words = list(command)
    if "-m" in words[:-1]:
        return words[words.index("-m") + 1]
    script = next((word for word in words[1:] if word.endswith(".py")), None)
    return Path(script or (words[0] if words else "unnamed")).name


def folder_bytes(folder: Path) -> int:
    """Bytes of all files below a folder; a file with two names counts once."""
    found = {}
    for root, _, names in os.walk(folder):
        for name in names:
            facts = os.lstat(os.path.join(root, name))
            found[facts.st_dev, facts.st_ino] = facts.st_size
    return sum(found.values())


def _written_bytes(pid: int) -> int:
    """`write_bytes` of a process that has ended and of those that it waited for."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    accounts = {name: int(value) for name, _, value in (line.partition(": ") for line in lines)}
    return accounts["write_bytes"]
