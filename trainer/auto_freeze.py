"""`freeze: auto`: how much of the backbone stays frozen, from how many pictures and how similar.

The four cases are those of Stanford's CS231n notes "Transfer Learning"
(cs231n.github.io/transfer-learning):

                few pictures         many pictures
    similar     all frozen           70 % frozen
    different   40 % frozen          nothing frozen

*Many* is counted: as many pictures of each class as ImageNet has of most of its own.

*Similar* is measured: how well the frozen features of the pretrained backbone tell the new classes
apart before anything is trained. Each picture is given the class that most of its ten nearest
neighbours have, by the cosine of their features (k-nearest-neighbour evaluation of frozen features:
Wu et al., arXiv:1805.01978); the share that is right is corrected for chance (Cohen's kappa, 1960).
It needs no training, no rate and no validation split; 0 is chance, 1 is perfect.

Where the border lies, from 600 training pictures each of eight sets at 96 pixels, MobileNetV2 0.35
with ImageNet's weights. "Gain" is what fine-tuning (10 epochs, Adam, the better of two rates, 0 or
40 % frozen) added to the test accuracy of a linear classifier on the frozen features:

    set                        similarity   frozen   gain
    scanned digits                0.87       0.900   0.000
    cats and dogs                 0.70       0.865   0.018
    flowers                       0.68       0.825   0.008
    filtered noise                0.66       0.832   0.050
    gratings                      0.66       0.857   0.080
    drawn cells                   0.66       0.810   0.057
    printed letters               0.65       0.812   0.047
    spectrograms                  0.24       0.513   0.027

The difference at the border is small, and the sets are few: it is a rule of thumb, made explicit.
"""

from dataclasses import dataclass

import numpy as np

MANY_PICTURES = 1000
"""Training pictures of a class from which on they are many (ImageNet's 2012 challenge had 732 to
1,300 of each class: Russakovsky et al., arXiv:1409.0575)."""
SIMILAR_FROM = 0.67
"""Similarity from which on fine-tuning added less than 0.02, see above."""
NEIGHBOURS = 10
_ROWS_AT_A_TIME = 256


@dataclass(frozen=True)
class Choice:
    """How much is frozen.

    Attributes:
        share: Share of the backbone's layers, counted from the picture, 0.0 to 1.0.
        reason: One sentence: what was found, and what follows from it.
    """

    share: float
    reason: str


def measure_similarity(features: np.ndarray, label_ids: np.ndarray, classes: int) -> float:
    """How well frozen features tell classes apart.

    Args:
        features: `[pictures, features] float32`, of a few thousand pictures at most: each is
            compared with each.
        label_ids: `[pictures] int64`.
        classes: Number of classes.

    Returns:
        From 0.0 (no better than chance) to 1.0.
    """
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    directions = features / np.maximum(lengths, 1e-12)
    neighbours = min(NEIGHBOURS, len(features) - 1)
    right = 0
    for start in range(0, len(features), _ROWS_AT_A_TIME):
        rows = np.arange(start, min(start + _ROWS_AT_A_TIME, len(features)))
        closeness = directions[rows] @ directions.T
        closeness[np.arange(len(rows)), rows] = -np.inf  # Nobody is its own neighbour.
        nearest = np.argpartition(-closeness, neighbours - 1, axis=1)[:, :neighbours]
        # Nearer neighbours count more, and decide between classes that are as frequent.
        votes = np.zeros((len(rows), classes))
        weights = 1 + np.take_along_axis(closeness, nearest, axis=1)
        np.add.at(votes, (np.arange(len(rows))[:, None], label_ids[nearest]), weights)
        right += int((votes.argmax(axis=1) == label_ids[rows]).sum())
    accuracy = right / len(features)
    shares = np.bincount(label_ids, minlength=classes) / len(label_ids)
    chance = float((shares**2).sum())
    return float(np.clip((accuracy - chance) / (1 - chance), 0, 1)) if chance < 1 else 0.0


def choose_freeze(pictures: int, classes: int, similarity: float) -> Choice:
    """Chooses among the four cases.

    Args:
        pictures: Training pictures.
        classes: Number of classes.
        similarity: As `measure_similarity` gives it; 0 for a backbone that is not pretrained.
    """
    per_class = pictures / classes
    is_many, is_similar = per_class >= MANY_PICTURES, similarity >= SIMILAR_FROM
    share, consequence = {
        (False, True): (1.0, "the whole backbone stays frozen"),
        (True, True): (0.7, "the first 70 % of the layers stay frozen"),
        (False, False): (0.4, "the first 40 % of the layers stay frozen"),
        (True, False): (0.0, "nothing is frozen"),
    }[is_many, is_similar]
    reason = (
        f"{'many' if is_many else 'few'} pictures ({per_class:,.0f} a class; many is "
        f"{MANY_PICTURES:,} or more), {'similar to' if is_similar else 'different from'} the "
        f"backbone's own (similarity {similarity:.2f}; similar is {SIMILAR_FROM} or more): "
        f"{consequence}"
    )
    return Choice(share, reason)
