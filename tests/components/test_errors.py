"""Errors that a person can act on."""

import pickle

from components.errors import UserError
from components.example_gen.sources.errors import IngestError


def test_hint_follows_the_message() -> None:
    assert str(UserError("what is wrong")) == "what is wrong"
    assert str(UserError("what is wrong", "what to do")) == "what is wrong\nwhat to do"


def test_survives_the_way_back_from_a_worker() -> None:
    error = pickle.loads(pickle.dumps(IngestError("what is wrong", "what to do")))
    assert type(error) is IngestError
    assert (error.message, error.hint) == ("what is wrong", "what to do")
