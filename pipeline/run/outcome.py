"""The summary of a run and its exit code, from the state of its nodes at the end."""

from datetime import datetime

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
    Outcome,
    Summary,
)
from trainer.facts import TrainerFacts

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
    pusher = state.facts(PusherFacts)
    version = _version(pusher)
    return Summary(
        outcome=_word(outcome.word),
        exit_code=EXIT_CODES[outcome.word] if exit_code is None else exit_code,
        run_id=run.run_id,
        started=started,
        finished=finished,
        seconds=round((finished - started).total_seconds(), 3),
        config_path=config_path,
        images=_images(ingest),
        splits=ingest.splits,
        classes=ingest.classes,
        stages=list(trainer.stages),
        notes=list(trainer.notes),
        test=_test(state.facts(EvaluatorFacts)),
        gate=_gate(state.facts(EvaluatorFacts), gate),
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
        error=_error(state, run),
    )


def _word(word: Word) -> Outcome:
    """The summary's word: a run without a Pusher changes nothing."""
    return "unchanged" if word == "unknown" else word


def _images(facts: IngestFacts) -> ImageCounts | None:
    if facts.found is None:
        return None
    return ImageCounts(
        found=facts.found,
        accepted=facts.accepted,
        quarantined=facts.quarantined,
        quarantined_by_reason=facts.quarantined_by_reason,
        quarantine_path=facts.quarantine_path,
    )


def _test(facts: EvaluatorFacts) -> Measurement | None:
    if facts.test_accuracy is None:
        return None
    return Measurement(
        accuracy=facts.test_accuracy,
        examples=facts.test_examples,
        interval=facts.interval,
        calibration_error=facts.calibration_error,
        worst=list(facts.worst),
    )


def _gate(facts: EvaluatorFacts, gate: GateSettings) -> GateSummary | None:
    if facts.blessed is None:
        return None
    return GateSummary(
        blessed=facts.blessed,
        reasons=list(facts.reasons),
        min_accuracy=gate.min_accuracy,
        max_drop=gate.max_drop,
        baseline_accuracy=facts.baseline_accuracy,
        text=facts.text,
        change=facts.change,
        change_interval=facts.change_interval,
        change_verdict=facts.change_verdict,
        detectable_drop=facts.detectable_drop,
        images_to_decide=facts.images_to_decide,
        warning=facts.warning,
        baseline_note=facts.baseline_note,
        notes=list(facts.notes),
    )


def _version(facts: PusherFacts) -> ModelVersion | None:
    if facts.version is None or facts.path is None:
        return None
    return ModelVersion(version=facts.version, path=facts.path)


def _error(state: RunState, run: RunFolder) -> ErrorSummary | None:
    if state.failure is None:
        return None
    failure = state.failure
    return ErrorSummary(
        component=failure.component, cause=failure.cause, hint=failure.hint, log=str(run.log)
    )
