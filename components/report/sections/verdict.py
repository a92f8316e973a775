"""The outcome of the run, at the top of the page."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from components.artifacts import DECISION_FILE, SERVING_CHECK_FILE
from components.evaluator.facts import EvaluatorFacts
from components.facts import Facts
from components.pusher.outcome import Reported, find_outcome
from components.report.inputs.sources import Sources
from components.serving_check.facts import ServingCheckFacts


@dataclass(frozen=True)
class Verdict:
    """The outcome of the run.

    Attributes:
        outcome: In a word; `blessed` is a good model without a Pusher in the pipeline;
            `unmeasured`, no decision at all.
        title: In a sentence.
        reasons: Why the model was not released, one sentence each.
        path: Folder of the released version, as far as this run knows.
    """

    outcome: Literal["pushed", "unchanged", "refused", "blessed", "unmeasured"]
    title: str
    reasons: tuple[str, ...] = ()
    path: str | None = None


def read_verdict(sources: Sources) -> Verdict:
    """Finds the outcome from what the components reported up to the report."""
    evaluator = EvaluatorFacts(**(sources.read_json("evaluation", DECISION_FILE) or {}))
    check = ServingCheckFacts(**(sources.read_json("serving_check", SERVING_CHECK_FILE) or {}))
    facts: dict[str, Facts] = {"Evaluator": evaluator, "ServingCheck": check}
    if sources.pushed:
        facts["Pusher"] = sources.pushed
    states = {step.component: step.state for step in sources.run.steps}
    outcome = find_outcome(
        {name: Reported(states.get(name, "done"), reported) for name, reported in facts.items()}
    )
    if outcome.word in ("pushed", "unchanged", "refused"):
        return Verdict(outcome.word, outcome.sentence, _sentences(outcome.reasons), outcome.path)
    if evaluator.blessed is None:
        return Verdict("unmeasured", "Not measured: this run has no evaluation.")
    return Verdict("blessed", "Blessed: the model is good enough, and was not pushed.")


def _sentences(reasons: Iterable[str]) -> tuple[str, ...]:
    return tuple(reason[:1].upper() + reason[1:].rstrip(".") + "." for reason in reasons)
