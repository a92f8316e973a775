"""What a run came to, worked out from what its components told."""

from datetime import datetime
from typing import Any

from components.evaluator.settings import GateSettings
from pipeline.run.paths import RunFolder
from pipeline.run.state import Board
from pipeline.run.summary import (
    ComponentSummary,
    ErrorSummary,
    GateSummary,
    ImageCounts,
    Measurement,
    ModelVersion,
    Outcome,
    StageSummary,
    Summary,
    WorstImage,
)

EXIT_CODES: dict[Outcome, int] = {"pushed": 0, "unchanged": 0, "failed": 1, "refused": 3}


def build_summary(
    board: Board,
    run: RunFolder,
    gate: GateSettings,
    *,
    started: datetime,
    finished: datetime,
    config_path: str | None = None,
    exit_code: int | None = None,
) -> Summary:
    """Sums a run up.

    Args:
        board: Where it stands at its end.
        run: Its folder.
        gate: Its thresholds.
        started: When it started.
        finished: When it ended.
        config_path: Its configuration file.
        exit_code: What the command exits with, where that does not follow from the outcome.
    """
    outcome = find_outcome(board)
    trainer, evaluator = board.facts("Trainer"), board.facts("Evaluator")
    version = _version(board.facts("Pusher"))
    return Summary(
        outcome=outcome,
        exit_code=EXIT_CODES[outcome] if exit_code is None else exit_code,
        run_id=run.run_id,
        started=started,
        finished=finished,
        seconds=round((finished - started).total_seconds(), 3),
        config_path=config_path,
        images=_images(board.facts("ImageExampleGen")),
        splits=board.facts("ImageExampleGen").get("splits", {}),
        classes=board.facts("ImageExampleGen").get("classes", {}),
        stages=[
            StageSummary(**{key: stage.get(key) for key in StageSummary.model_fields})
            for stage in trainer.get("stages", [])
        ],
        notes=trainer.get("notes", []),
        test=_test(evaluator),
        gate=_gate(evaluator, gate),
        serving_failures=board.facts("ServingCheck").get("failures", []),
        pushed=version if _has_pushed(board) else None,
        in_service=version,
        withdrawn=bool(board.facts("Pusher").get("withdrawn")),
        report=board.facts("Report").get("report_path"),
        components={
            row.component: ComponentSummary(state=row.state, seconds=row.seconds)
            for row in board.rows.values()
        },
        error=_error(board, run),
    )


def find_outcome(board: Board) -> Outcome:
    """What a run that is over came to.

    A refused model stays refused when the next run finds nothing changed, cached or not.
    """
    if board.failure is not None:
        return "failed"
    if board.facts("Evaluator").get("blessed") is False:
        return "refused"
    if board.facts("ServingCheck").get("passed") is False:
        return "refused"
    return "pushed" if _has_pushed(board) else "unchanged"


def _has_pushed(board: Board) -> bool:
    """Whether the run put a version into service, whatever came after."""
    if "Pusher" not in board.rows or board.rows["Pusher"].state != "done":
        return False
    facts = board.facts("Pusher")
    # A model that is blessed again, under another gate, is in service already.
    return bool(facts.get("pushed") and facts.get("is_new", True))


def _images(facts: dict[str, Any]) -> ImageCounts | None:
    if "found" not in facts:
        return None
    return ImageCounts(
        found=facts["found"],
        accepted=facts.get("accepted", 0),
        quarantined=facts.get("quarantined", 0),
        quarantined_by_reason=facts.get("quarantined_by_reason", {}),
        quarantine_path=facts.get("quarantine_path"),
    )


def _test(facts: dict[str, Any]) -> Measurement | None:
    if facts.get("test_accuracy") is None:
        return None
    return Measurement(
        accuracy=facts["test_accuracy"],
        examples=facts.get("test_examples"),
        interval=facts.get("interval"),
        calibration_error=facts.get("calibration_error"),
        worst=[
            WorstImage(**{key: image.get(key) for key in WorstImage.model_fields})
            for image in facts.get("worst", [])
        ],
    )


def _gate(facts: dict[str, Any], gate: GateSettings) -> GateSummary | None:
    if "blessed" not in facts:
        return None
    return GateSummary(
        blessed=facts["blessed"],
        reasons=facts.get("reasons", []),
        min_accuracy=gate.min_accuracy,
        max_drop=gate.max_drop,
        baseline_accuracy=facts.get("baseline_accuracy"),
        text=facts.get("text"),
        change=facts.get("change"),
        change_interval=facts.get("change_interval"),
        baseline_note=facts.get("baseline_note"),
        notes=facts.get("notes", []),
    )


def _version(facts: dict[str, Any]) -> ModelVersion | None:
    if facts.get("version") is None:
        return None
    return ModelVersion(version=facts["version"], path=facts["path"])


def _error(board: Board, run: RunFolder) -> ErrorSummary | None:
    if board.failure is None:
        return None
    failure = board.failure
    return ErrorSummary(
        component=failure.component, cause=failure.cause, hint=failure.hint, log=str(run.log)
    )
