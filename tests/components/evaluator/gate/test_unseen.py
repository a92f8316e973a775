"""Which test images measure a model: those that it was not trained on."""

import hashlib

import numpy as np
import pytest
from pydantic import ValidationError

from components.evaluator.gate.comparison import compare
from components.evaluator.gate.training_images import image_ids
from components.evaluator.gate.unseen import leave_out_seen
from components.evaluator.predictions import ComparedPrediction, Prediction
from components.evaluator.settings import GateSettings
from tests.fakes.models.predictions import prediction

DIGESTS = [hashlib.sha256(f"{number}".encode()).hexdigest() for number in range(1000)]


def test_images_of_unknown_origin_measure() -> None:
    images = [
        prediction("cats", "cats", sha256=None),
        prediction("cats", "dogs", sha256=DIGESTS[0]),
    ]
    assert leave_out_seen(images, None, image_ids([])).predictions == images
    assert leave_out_seen(images, image_ids(DIGESTS[:1]), None).predictions == images[:1]


def test_a_new_random_split_every_night() -> None:
    """Both models are right on 0.7 of what they have not seen, and on nearly all that they have."""
    random = np.random.default_rng(0)
    first_train = set(random.permutation(1000)[:700].tolist())
    test = random.permutation(1000)[:300].tolist()

    def night(number: int) -> Prediction:
        knows = number in first_train
        baseline = "cats" if random.random() < (0.99 if knows else 0.7) else "dogs"
        candidate = "cats" if random.random() < 0.7 else "dogs"
        pair = ComparedPrediction(candidate, baseline)
        return prediction("cats", candidate, sha256=DIGESTS[number], compared=pair)

    images = [night(number) for number in test]
    everywhere = compare(images)
    assert everywhere is not None and everywhere.change < -0.15
    unseen = leave_out_seen(images, None, image_ids(DIGESTS[n] for n in first_train))
    fair = compare(unseen.predictions)
    assert fair is not None and abs(fair.change) < 0.1
    assert fair.examples == unseen.compared == len(set(test) - first_train)
    assert len(unseen.predictions) == 300
    assert unseen.refusal_reasons(GateSettings(min_accuracy=0.5)) == []


@pytest.mark.parametrize(("bound", "is_refused"), [(1, False), (4, False), (5, True)])
def test_too_few_are_refused(bound: int, is_refused: bool) -> None:
    images = [prediction("cats", "cats", sha256=digest) for digest in DIGESTS[:20]]
    unseen = leave_out_seen(images, image_ids(DIGESTS[4:]), None)
    reasons = unseen.refusal_reasons(GateSettings(min_accuracy=0.5, min_unseen_images=bound))
    assert bool(reasons) is is_refused


def test_none_that_can_be_compared_is_always_refused() -> None:
    images = [prediction("cats", "dogs", sha256=digest) for digest in DIGESTS[:20]]
    unseen = leave_out_seen(images, None, image_ids(DIGESTS))
    assert unseen.refusal_reasons(GateSettings(min_accuracy=0.5, min_unseen_images=1))
    with pytest.raises(ValidationError):
        GateSettings(min_accuracy=0.5, min_unseen_images=0)


def test_a_baseline_without_a_record_is_said() -> None:
    images = [prediction("cats", "cats", sha256=DIGESTS[0])]
    [note] = leave_out_seen(images, None, None).notes()
    assert note.startswith("which images the baseline was trained on is not recorded")


def test_a_small_test_split_of_its_own_is_none_of_its_business() -> None:
    images = [prediction("cats", "cats", sha256=DIGESTS[0])]
    assert leave_out_seen(images, image_ids(DIGESTS[5:]), image_ids([])).notes() == []
    assert not leave_out_seen(images, None, None).refusal_reasons(GateSettings(min_accuracy=0.5))
