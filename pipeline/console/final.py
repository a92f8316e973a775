"""The last lines of a run: what it came to, first; then why, where things are, what to do."""

import os
import textwrap
from collections.abc import Iterator
from pathlib import Path

from components.format import count
from pipeline.console.headlines import accuracy, duration
from pipeline.run.paths import RunFolder
from pipeline.run.summary import Outcome, Summary, WorstImage

_LABEL_WIDTH = 14
_SIGNALS = {130: "Ctrl-C (SIGINT)", 143: "SIGTERM"}


def closing_lines(summary: Summary, run: RunFolder) -> list[str]:
    """Words for the end of a run.

    Args:
        summary: What it came to.
        run: Its folder.

    Returns:
        The outcome on the first line, its details on the others.
    """
    return [
        _outcome_line(summary),
        *(
            line
            for label, text in _details(summary, run)
            for line in f"  {label:{_LABEL_WIDTH}}{_indent(text)}".splitlines()
        ),
    ]


def shown_path(path: str | Path) -> str:
    """A path as short as it can be copied from here: relative to the current folder if below it."""
    path = Path(path)
    here = Path.cwd()
    return os.path.relpath(path, here) if path.is_relative_to(here) else str(path)


def _outcome_line(summary: Summary) -> str:
    took = f"({duration(summary.seconds)})"
    if summary.error is not None:
        if summary.exit_code in _SIGNALS:
            return f"Stopped by {_SIGNALS[summary.exit_code]} after {duration(summary.seconds)}."
        where = f" in {summary.error.component}" if summary.error.component else ""
        return f"Failed{where}: {_indent(summary.error.cause)}"
    version = f"version {summary.pushed.version}" if summary.pushed else "a new version"
    refusal = (
        "the gate keeps this model out of service"
        if _is_refused_by_gate(summary)
        else "the exported model failed the serving check"
    )
    sentences: dict[Outcome, str] = {
        "pushed": f"Pushed: {version} of the model is in service. {took}",
        "refused": f"Refused: {refusal}. {took}",
        "unchanged": f"Unchanged: nothing new, so nothing was pushed. {took}",
    }
    return sentences[summary.outcome]


def _details(summary: Summary, run: RunFolder) -> Iterator[tuple[str, str]]:
    if summary.error is not None and summary.error.hint:
        yield "what to do", summary.error.hint
    if summary.gate is not None:
        for reason in summary.gate.reasons:
            yield "because", reason
    # Of a model that the gate refused, the check says only that.
    if not _is_refused_by_gate(summary):
        for failure in summary.serving_failures:
            yield "because", failure
    if summary.gate is not None and summary.gate.baseline_note:
        yield "baseline", summary.gate.baseline_note
    is_gates = summary.outcome == "refused" and _is_refused_by_gate(summary)
    if is_gates and summary.test is not None and summary.test.worst:
        yield "worst", _worst(summary.test.worst)
    if summary.withdrawn:
        yield "not pushed", "a rollback took this model out of service; a newly trained one will be"
    if summary.test is not None and summary.gate is not None:
        yield "test accuracy", _measured(summary)
    if summary.in_service is not None:
        yield "in service", shown_path(summary.in_service.path)
    if summary.error is None and summary.images is not None and summary.images.quarantined:
        of = f"{summary.images.quarantined:,} of {count(summary.images.found, 'image')}"
        yield "quarantined", of
        if summary.images.quarantine_path:
            yield "", shown_path(summary.images.quarantine_path)
    if summary.error is not None:
        yield "log", shown_path(summary.error.log)
    if summary.report is not None:
        yield "report", shown_path(summary.report)
    yield "summary", shown_path(run.summary)


def _is_refused_by_gate(summary: Summary) -> bool:
    return summary.gate is not None and not summary.gate.blessed


def _measured(summary: Summary) -> str:
    assert summary.test is not None and summary.gate is not None
    if summary.gate.text:
        return f"{summary.gate.text}; the gate asks for {accuracy(summary.gate.min_accuracy)}"
    text = accuracy(summary.test.accuracy)
    if summary.test.examples is not None:
        text += f" on {count(summary.test.examples, 'image')}"
    text += f"; the gate asks for {accuracy(summary.gate.min_accuracy)}"
    if summary.gate.baseline_accuracy is not None:
        text += f", the baseline has {accuracy(summary.gate.baseline_accuracy)}"
    return text


def _worst(images: list[WorstImage]) -> str:
    return "\n".join(
        f"{image.name}: {_answer(image)}"
        + (f" ({image.score:.3f})" if image.score is not None else "")
        for image in images
    )


def _answer(image: WorstImage) -> str:
    # Of a model that errs less than ten times, some of the worst ten are right.
    if image.predicted == image.label:
        return f"{image.label}, rightly"
    return f"{image.label} taken for {image.predicted}"


def _indent(text: str) -> str:
    """Puts the further lines of a longer text under its first one."""
    first, *rest = text.splitlines() or [""]
    return "\n".join([first, *(textwrap.indent(line, " " * (2 + _LABEL_WIDTH)) for line in rest)])
