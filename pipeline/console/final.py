"""The last lines of a run: its outcome first; then why, where things are, and what to do next."""

import os
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from components.evaluator.facts import EvaluatorFacts, WorstImage
from components.example_gen.facts import IngestFacts
from components.format import count, duration, share
from components.report.facts import ReportFacts
from pipeline.exit_codes import WRONG_USAGE
from pipeline.run.paths import RunFolder
from pipeline.run.state import RunState
from pipeline.run.summary import Summary
from trainer.facts import TrainerFacts

Details = Iterator[tuple[str, str]]
"""Labels and texts."""

_LABEL_WIDTH = 14
_SIGNALS = {129: "SIGHUP", 130: "Ctrl-C (SIGINT)", 143: "SIGTERM"}


def closing_lines(state: RunState, summary: Summary, run: RunFolder) -> list[str]:
    """The end of a run on this machine: its outcome, then the details of it."""
    return [
        _first_line(state, summary),
        *detail_lines([*_local_failure(state), *result_details(state), *_local(state, run)]),
    ]


def result_details(state: RunState) -> Details:
    """Why the outcome is what it is, what was measured, and where the model is."""
    outcome, evaluator = state.outcome, state.facts(EvaluatorFacts)
    for reason in outcome.reasons:
        yield "because", reason
    if evaluator.baseline_note:
        yield "baseline", evaluator.baseline_note
    for note in (*state.facts(TrainerFacts).notes, *evaluator.notes):
        yield "note", note
    if outcome.word == "refused" and evaluator.is_refusal() and evaluator.worst:
        yield "worst", "\n".join(map(_worst, evaluator.worst))
    if evaluator.test_accuracy is not None:
        yield "test accuracy", _measured(evaluator)
    if evaluator.warning:
        yield "warning", evaluator.warning
    if outcome.path is not None:
        yield "model", shown_path(outcome.path)


def detail_lines(details: Sequence[tuple[str, str]]) -> list[str]:
    """Labels and texts as lines; further lines of a text are indented."""
    return [
        line
        for label, text in details
        for line in f"  {label:{_LABEL_WIDTH}}{_indent(text)}".splitlines()
    ]


def shown_path(path: str | Path) -> str:
    """A path as short as it can be copied from here: relative to the current folder if below it."""
    if "://" in str(path):
        return str(path)
    path = Path(path)
    here = Path.cwd()
    return os.path.relpath(path, here) if path.is_relative_to(here) else str(path)


def program() -> str:
    """What to type before a command's name, from here."""
    return f"{shown_path(sys.executable)} -m pipeline"


def _first_line(state: RunState, summary: Summary) -> str:
    outcome = state.outcome
    if summary.exit_code in _SIGNALS:
        return f"Stopped by {_SIGNALS[summary.exit_code]} after {duration(summary.seconds)}."
    if state.failure and summary.exit_code == WRONG_USAGE:
        config = shown_path(summary.config_path or "the configuration")
        return _indent(f"{config} cannot be used: {state.failure.cause}")
    if outcome.word == "failed":
        return _indent(outcome.sentence)
    return f"{outcome.sentence} ({duration(summary.seconds)})"


def _local_failure(state: RunState) -> Details:
    if state.failure is not None and state.failure.hint:
        yield "what to do", state.failure.hint


def _local(state: RunState, run: RunFolder) -> Details:
    images = state.facts(IngestFacts)
    if state.failure is None and images.found is not None and images.quarantined:
        yield "quarantined", f"{images.quarantined:,} of {count(images.found, 'image')}"
        if images.quarantine_path:
            yield "", shown_path(images.quarantine_path)
    if state.failure is not None:
        yield "log", shown_path(run.log)
    if report := state.facts(ReportFacts).report_path:
        yield "report", shown_path(report)
    yield "summary", shown_path(run.summary)
    if state.outcome.word == "pushed":
        yield "next", f"{program()} predict {shown_path(run.workspace)} IMAGE..."


def _measured(evaluator: EvaluatorFacts) -> str:
    if evaluator.text:
        text = evaluator.text
    else:
        text = share(evaluator.test_accuracy)
        if evaluator.test_examples is not None:
            text += f" on {count(evaluator.test_examples, 'image')}"
        if evaluator.baseline_accuracy is not None:
            text += f", baseline {share(evaluator.baseline_accuracy)}"
    if evaluator.min_accuracy is not None:
        text += f"; the gate requires {evaluator.min_accuracy:g}"
    return text


def _worst(image: WorstImage) -> str:
    # Of a model that errs less than ten times, some of the worst ten are correct.
    is_correct = image.predicted == image.label
    answer = f"{image.label}, correct" if is_correct else f"{image.label} as {image.predicted}"
    score = f" ({share(image.score)})" if image.score is not None else ""
    return f"{image.name}: {answer}{score}"


def _indent(text: str) -> str:
    """Indents the further lines of a longer text to its first one."""
    first, *rest = text.splitlines() or [""]
    return "\n".join([first, *(textwrap.indent(line, " " * (2 + _LABEL_WIDTH)) for line in rest)])
