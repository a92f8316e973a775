"""One run of the pipeline over a folder of images, with the memory of each component."""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import REPOSITORY
from benchmarks.measured_process import Measured, Sample, folder_bytes, run_measured
from benchmarks.pipeline_run import START_UP, component_seconds, run_command
from benchmarks.scale.results import ComponentResult, ProcessResult, SizeResult

CONFIG = Path(__file__).parent / "pipeline.yaml"


@dataclass(frozen=True)
class Size:
    """One number of images.

    Attributes:
        images: How many.
        folder: Where they are, `CLASS/`.
        source_bytes: Their total size.
        overrides: Settings of the pipeline, `PATH=VALUE`.
        settings: Digest of all settings.
        command: The benchmark's command line.
        machine: What it runs on.
    """

    images: int
    folder: Path
    source_bytes: int
    overrides: Sequence[str]
    settings: str
    command: str
    machine: dict[str, object]


def run_size(size: Size, workspace: Path, log: Path) -> SizeResult:
    """Runs the pipeline on it, in an empty workspace.

    Raises:
        UserError: It failed.
    """
    shutil.rmtree(workspace, ignore_errors=True)
    command = run_command(CONFIG, workspace, (f"data.path={size.folder}", *size.overrides))
    measured = run_measured(command, log, folder=REPOSITORY, phase=RunningComponent(workspace))
    [path] = workspace.glob("runs/*/summary.json")
    summary = json.loads(path.read_text())
    [examples] = workspace.glob("artifacts/*/ImageExampleGen/examples/*")
    return SizeResult(
        settings=size.settings,
        command=size.command,
        machine=size.machine,
        images=size.images,
        test_images=summary["splits"]["test"],
        source_bytes=size.source_bytes,
        stored_bytes=folder_bytes(examples),
        left_bytes=folder_bytes(workspace),
        written_bytes=measured.written_bytes,
        seconds=round(measured.seconds, 3),
        cpu_seconds=round(measured.cpu_seconds, 3),
        peak_pss_bytes=measured.peak_pss_bytes,
        components=_components(summary, measured),
        processes=_processes(measured.samples),
    )


class RunningComponent:
    """Finds which component of a run is running, from the events that it writes.

    Args:
        workspace: Of the run, which may not exist yet.
    """

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._position = 0
        self._component = ""

    def __call__(self) -> str:
        """The component; empty before the first one and after the last."""
        path = next(self._workspace.glob("runs/*/events.jsonl"), None)
        if path is None:
            return self._component
        with path.open("rb") as file:
            file.seek(self._position)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._position += len(whole)
        for line in whole.splitlines():
            event = json.loads(line)
            if event["kind"] == "started":
                self._component = event["component"]
            elif event["kind"] in ("finished", "failed"):
                self._component = ""
        return self._component


def _components(
    summary: Mapping[str, dict[str, dict[str, float]]], measured: Measured
) -> dict[str, ComponentResult]:
    return {
        name: _component(value, "" if name == START_UP else name, measured.samples)
        for name, value in component_seconds(summary, measured.seconds).items()
    }


def _component(seconds: float, phase: str, samples: Sequence[Sample]) -> ComponentResult:
    at = [index for index, sample in enumerate(samples) if sample.phase == phase]
    peak = _largest(samples[index].anon_bytes for index in at)
    before = _largest([samples[max(0, at[0] - 1)].anon_bytes]) if at else 0
    return ComponentResult(
        seconds=seconds,
        peak_anon_bytes=peak,
        peak_rss_bytes=_largest(samples[index].rss_bytes for index in at),
        added_anon_bytes=max(0, peak - before),
    )


def _processes(samples: Sequence[Sample]) -> dict[str, ProcessResult]:
    names = dict.fromkeys(name for sample in samples for name in sample.rss_bytes)
    return {
        name: ProcessResult(
            peak_anon_bytes=max(sample.anon_bytes.get(name, 0) for sample in samples),
            peak_rss_bytes=max(sample.rss_bytes.get(name, 0) for sample in samples),
        )
        for name in names
    }


def _largest(memory: Iterable[Mapping[str, int]]) -> int:
    return max((value for by_name in memory for value in by_name.values()), default=0)
