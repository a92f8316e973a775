"""What `results.json` holds, and what follows from it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from benchmarks.compare.systems import OURS, SCRIPT
from benchmarks.medians import Spread, ratio, spread
from components.evaluator.intervals import Interval, paired_interval, wilson_interval

CONFIDENCE = 0.95
RESULTS_FILE = "results.json"


class RunResult(BaseModel):
    """One run of one system."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str
    round: int
    seconds: float
    cpu_seconds: float
    peak_pss_bytes: int
    largest_process_bytes: int
    written_bytes: int
    left_bytes: int
    components: dict[str, float]
    right: dict[str, dict[str, bool]]
    """Whether each model is right about each test image, by kind of model and image."""

    def counts(self, kind: str | None = None) -> tuple[int, int]:
        """How many test images a model is right about, and of how many; by default the first."""
        answers = self.right[kind] if kind else next(iter(self.right.values()))
        return sum(answers.values()), len(answers)

    @property
    def accuracy(self) -> float:
        """Test accuracy, 0 to 1."""
        count, total = self.counts()
        return count / total


class Results(BaseModel):
    """All of it."""

    model_config = ConfigDict(extra="forbid")

    command: str
    machine: dict[str, object]
    images: dict[str, int]
    runs: list[RunResult]

    def of(self, system: str) -> list[RunResult]:
        """A system's runs, by rounds."""
        found = [run for run in self.runs if run.system == system]
        return sorted(found, key=lambda run: run.round)

    def values(self, system: str, value: Callable[[RunResult], float]) -> list[float]:
        """One figure of each of a system's runs."""
        return [value(run) for run in self.of(system)]

    def ratio(self, system: str, value: Callable[[RunResult], float]) -> Spread | None:
        """A figure of a system as a share of the plain script's."""
        return ratio(self.values(system, value), self.values(SCRIPT, value))

    def components(self, system: str) -> dict[str, float]:
        """Median seconds of each of a system's parts."""
        runs = self.of(system)
        medians = {}
        for name in runs[0].components if runs else ():
            found = spread([run.components[name] for run in runs if name in run.components])
            medians[name] = found.median if found else 0.0
        return medians

    def typical(self, system: str) -> RunResult | None:
        """The run whose accuracy is the median (of an even number, the lower of the middle)."""
        ordered = sorted(self.of(system), key=lambda run: run.accuracy)
        return ordered[(len(ordered) - 1) // 2] if ordered else None

    def save(self, folder: Path) -> None:
        """Writes `results.json`, whole or not at all."""
        partial = folder / f".{RESULTS_FILE}.partial"
        partial.write_text(self.model_dump_json(indent=1) + "\n")
        partial.replace(folder / RESULTS_FILE)


def accuracy_interval(run: RunResult) -> Interval:
    """Confidence interval of a run's test accuracy."""
    return wilson_interval(*run.counts(), CONFIDENCE)


def difference(ours: RunResult, theirs: RunResult) -> tuple[float, Interval]:
    """Ours' accuracy less theirs, on the same images, and its interval.

    Raises:
        ValueError: They were measured on other images.
    """
    a, b = (next(iter(run.right.values())) for run in (ours, theirs))
    if a.keys() != b.keys():
        raise ValueError("the runs were measured on different test images")
    pairs = [(a[name], b[name]) for name in a]
    both, first, second, neither = (
        pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False))
    )
    interval = paired_interval(both, first, second, neither, CONFIDENCE)
    return (first - second) / len(pairs), interval


def differences(results: Results) -> Sequence[tuple[float, Interval]]:
    """Ours less the script, of each round that has both."""
    pairs = zip(results.of(OURS), results.of(SCRIPT), strict=False)
    return [difference(ours, theirs) for ours, theirs in pairs]
