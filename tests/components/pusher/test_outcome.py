"""The outcome of a run follows from what its nodes report."""

import pytest

from components.evaluator.facts import EvaluatorFacts
from components.facts import Facts
from components.pusher.facts import PusherFacts
from components.pusher.outcome import Outcome, Reported, find_outcome
from components.serving_check.facts import ServingCheckFacts

GOOD = EvaluatorFacts(blessed=True)
PUSHED = PusherFacts(pushed=True, version=3, path="serving/3")


def outcome(pusher_state: str = "done", **facts: Facts) -> Outcome:
    return find_outcome(
        {
            name: Reported(pusher_state if name == "Pusher" else "done", found)
            for name, found in facts.items()
        }
    )


def test_a_push_names_its_version() -> None:
    found = outcome(Evaluator=GOOD, Pusher=PUSHED)
    assert (found.word, found.version, found.path) == ("pushed", 3, "serving/3")
    assert found.sentence == "Pushed: version 3 is released to model servers."


def test_a_cached_push_changes_nothing() -> None:
    found = outcome("cached", Evaluator=GOOD, Pusher=PUSHED)
    assert (found.word, found.version) == ("unchanged", 3)
    assert found.sentence == "Unchanged: nothing new; version 3 stays released."


def test_the_first_refusal_counts() -> None:
    not_checked = ServingCheckFacts(passed=False, is_checked=False, failures=("not checked",))
    refused = EvaluatorFacts(blessed=False, reasons=("too low",))
    found = outcome(Evaluator=refused, ServingCheck=not_checked, Pusher=PusherFacts(pushed=False))
    assert (found.word, found.refused_by, found.reasons) == ("refused", "Evaluator", ("too low",))
    assert found.sentence == "Refused: the gate refused this model."


def test_a_withdrawn_model_says_which_version_stays() -> None:
    withdrawn = PusherFacts(pushed=False, withdrawn=True, version=2, path="serving/2")
    found = outcome(Evaluator=GOOD, Pusher=withdrawn)
    assert (found.word, found.version) == ("unchanged", 2)
    assert "a rollback withdrew this model" in found.sentence
    assert found.reasons


@pytest.mark.parametrize("facts", [{}, {"Evaluator": GOOD}, {"Trainer": Facts()}])
def test_without_a_pusher_nothing_is_known(facts: dict[str, Facts]) -> None:
    reported = {name: Reported("done", found) for name, found in facts.items()}
    assert find_outcome(reported).word == "unknown"


def test_a_pusher_that_pushed_nothing_says_that_somebody_refused() -> None:
    found = outcome(Pusher=PusherFacts(pushed=False))
    assert (found.word, found.refused_by) == ("refused", "Pusher")
