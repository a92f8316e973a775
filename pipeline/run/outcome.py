"""The summary of a run and its exit code, from the state of its nodes at the end."""

from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel

from components.evaluator.facts import EvaluatorFacts
from components.evaluator.settings import GateSettings
from components.example_gen.facts import IngestFacts
from components.pusher.facts import PusherFacts
from components.pusher.outcome import Word, find_outcome
from components.report.facts import ReportFacts
from components.serving_check.facts import ServingCheckFacts
from pipeline.exit_codes import FAILED, REFUSED, SUCCEEDED
from pipeline.run.paths import RunFolder
from pipeline.run.state import RunState
from pipeline.run.summary import (
    ComponentSummary,
    ErrorSummary,
    GateSummary,
    ImageCounts,
    Measurement,
    ModelVersion,
    Summary,
)
from trainer.facts import TrainerFacts

_Part = TypeVar("_Part", bound=BaseModel)

EXIT_CODES: dict[Word, int] = {
    "pushed": SUCCEEDED,
    "unchanged": SUCCEEDED,
    "unknown": SUCCEEDED,
    "failed": FAILED,
    "refused": REFUSED,
}


def build_summary(
    state: RunState,
    run: RunFolder,
    gate: GateSettings,
    *,
    started: datetime,
    finished: datetime,
    config_path: str | None = None,
    exit_code: int | None = None,
) -> Summary:
    """Sums a run up.

    `exit_code` is the command's, where that does not follow from the outcome.
    """
    outcome = state.outcome
    trainer, ingest = state.facts(TrainerFacts), state.facts(IngestFacts)
    evaluator, pusher = state.facts(EvaluatorFacts), state.facts(PusherFacts)
    version = _version(pusher)
    bounds = {"min_accuracy": gate.min_accuracy, "max_drop": gate.max_drop}
    return Summary(
        # A run without a Pusher changes nothing.
        outcome="unchanged" if outcome.word == "unknown" else outcome.word,
        exit_code=EXIT_CODES[outcome.word] if exit_code is None else exit_code,
        run_id=run.run_id,
        started=started,
        finished=finished,
        seconds=round((finished - started).total_seconds(), 3),
        config_path=config_path,
        images=None if ingest.found is None else _part(ImageCounts, ingest),
        splits=ingest.splits,
        classes=ingest.classes,
        stages=list(trainer.stages),
        notes=list(trainer.notes),
        suspect_labels=trainer.suspect_labels,
        test=_test(evaluator),
        gate=None if evaluator.blessed is None else _part(GateSummary, evaluator, **bounds),
        serving_failures=list(state.facts(ServingCheckFacts).failures),
        # Whatever came after: a run may fail once it has pushed.
        pushed=version if find_outcome(state.reported).word == "pushed" else None,
        in_service=version,
        withdrawn=pusher.withdrawn,
        report=state.facts(ReportFacts).report_path,
        components={
            node.component: ComponentSummary(state=node.state, seconds=node.seconds)
            for node in state.nodes.values()
        },
        error=state.failure and _part(ErrorSummary, state.failure, log=str(run.log)),
    )


def _part(kind: type[_Part], source: BaseModel, **more: Any) -> _Part:
    """A part of the summary, from what it shares by name with facts or an event."""
    shared = source.model_dump(include=set(kind.model_fields))
    return kind.model_validate({**shared, **more})


def _test(facts: EvaluatorFacts) -> Measurement | None:
    if facts.test_accuracy is None:
        return None
    measured = {"accuracy": facts.test_accuracy, "examples": facts.test_examples}
    return _part(Measurement, facts, **measured)


def _version(facts: PusherFacts) -> ModelVersion | None:
    if facts.version is None or facts.path is None:
        return None
    return ModelVersion(version=facts.version, path=facts.path)
