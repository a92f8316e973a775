"""The decision on the model, at the top of the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from components.artifacts import DECISION_FILE, SERVING_CHECK_FILE
from components.report.inputs.sources import Sources


@dataclass(frozen=True)
class Verdict:
    """The decision on the model.

    Attributes:
        outcome: `blessed` is a good model without a Pusher in the pipeline; `unmeasured`, no
            decision at all.
        title: The outcome in a sentence.
        reasons: Why the model was refused, one sentence each.
        path: Folder of the version in service, as far as this run knows.
    """

    outcome: Literal["pushed", "unchanged", "refused", "blessed", "unmeasured"]
    title: str
    reasons: tuple[str, ...] = ()
    path: str | None = None


def read_verdict(sources: Sources) -> Verdict:
    """Reads the decisions of the gate, the serving check and the Pusher."""
    decision = sources.read_json("evaluation", DECISION_FILE)
    check = sources.read_json("serving_check", SERVING_CHECK_FILE)
    if decision and not decision.get("blessed", True):
        title = "Refused: the gate keeps this model out of service."
        return Verdict("refused", title, _sentences(decision.get("reasons")))
    if check and not check.get("passed", True):
        title = "Refused: the exported model failed the serving check."
        return Verdict("refused", title, _sentences(check.get("failures")))
    return _read_service(sources, decision)


def _read_service(sources: Sources, decision: Mapping[str, Any] | None) -> Verdict:
    pushed = sources.pushed
    if pushed and pushed.is_withdrawn:
        title = "Not pushed: a rollback took this model out of service"
        title += f"; version {pushed.version} stays."
        return Verdict("unchanged", title, path=pushed.path)
    if pushed and pushed.version:
        states = {step.component: step.state for step in sources.run.steps}
        is_new = pushed.is_new and states.get("Pusher") != "cached"
        if is_new:
            title = f"Pushed: version {pushed.version} of the model is in service."
            return Verdict("pushed", title, path=pushed.path)
        title = f"Unchanged: version {pushed.version} of the model was in service already."
        return Verdict("unchanged", title, path=pushed.path)
    if not decision:
        return Verdict("unmeasured", "Not measured: this run has no evaluation.")
    if pushed:
        return Verdict("refused", "Not pushed: the Pusher kept this model out of service.")
    return Verdict("blessed", "Blessed: the model is good enough, and was not pushed.")


def _sentences(reasons: list[str] | None) -> tuple[str, ...]:
    return tuple(reason[:1].upper() + reason[1:].rstrip(".") + "." for reason in reasons or [])
