"""The temperature: one number that makes the scores mean what they say.

A network's scores are too high (fine-tuned on few images) or too low (label smoothing). Dividing
its logits by a temperature corrects both and changes no label: Guo et al., "On Calibration of
Modern Neural Networks" (2017, arXiv:1706.04599). It is fitted on the validation split, which chose
the best epoch; the test split stays unseen.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax

from components.evaluator.metrics import expected_calibration_error
from trainer.data.input import ImageParser, Split, read_images
from trainer.network.network import Network

_MOST_IMAGES = 2000
"""One number needs no more; the files' order is that of hashes, so the first ones are a sample."""
_LOG_BOUNDS = (np.log(0.2), np.log(20.0))
"""Dividing by less would enlarge the rounding by which the exported model may differ."""


@dataclass(frozen=True)
class Calibration:
    """A fitted temperature.

    Attributes:
        temperature: What logits are divided by, above 0; above 1 makes scores less extreme.
        images: Number of validation images that it was fitted on.
        error_before: Their expected calibration error without it, 0 to 1.
        error_after: The same with it.
    """

    temperature: float
    images: int
    error_before: float
    error_after: float


def calibrate(network: Network, split: Split, parse: ImageParser, batch_size: int) -> Calibration:
    """Fits the temperature of a trained network.

    Args:
        network: The trained network, computing in 32 bits.
        split: The validation split.
        parse: See `trainer.data.input.build_parser`.
        batch_size: Images per call of the network.
    """
    batches = read_images(split, parse, batch_size).take(-(-_MOST_IMAGES // batch_size))
    logits = np.concatenate([network(images).numpy() for images, _ in batches]).astype(np.float64)
    label_ids = split.label_ids[: len(logits)]
    temperature = fit_temperature(logits, label_ids)
    return Calibration(
        temperature=temperature,
        images=len(logits),
        error_before=_error(logits, label_ids),
        error_after=_error(logits / temperature, label_ids),
    )


def fit_temperature(logits: np.ndarray, label_ids: np.ndarray) -> float:
    """The temperature with the lowest cross-entropy.

    The labels are taken as right with the probability `(images + 1) / (images + 2)`, as Platt
    ("Probabilistic outputs for support vector machines", 1999) does: a split without a mistake
    would require scores of 1.

    Args:
        logits: `[images, classes] float64`.
        label_ids: `[images] int64`.

    Returns:
        0.2 to 20, rounded to float32; 1 if a logit is not finite.
    """
    if not np.isfinite(logits).all():
        return 1.0
    images, classes = logits.shape
    wrong = 1 / (images + 2)
    targets = np.full(logits.shape, wrong / (classes - 1) if classes > 1 else 0.0)
    targets[np.arange(images), label_ids] = 1 - wrong
    of_targets = (targets * logits).sum(axis=1)

    def cross_entropy(log_temperature: float) -> float:
        scale = np.exp(-log_temperature)
        return float(np.mean(logsumexp(logits * scale, axis=1) - of_targets * scale))

    best = minimize_scalar(cross_entropy, bounds=_LOG_BOUNDS, method="bounded")
    return float(np.float32(np.exp(best.x)))


def _error(logits: np.ndarray, label_ids: np.ndarray) -> float:
    scores = softmax(logits, axis=1)
    return expected_calibration_error(
        scores.max(axis=1).tolist(), (scores.argmax(axis=1) == label_ids).tolist()
    )
