"""What is wrong with a model's responses, one sentence per failure."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from components.serving_check import calls as q
from components.serving_check.clean_process import Responses
from components.serving_check.clean_process_main import LOAD
from components.serving_check.contract import OUTPUTS, find_problem, is_same
from components.serving_check.images import UNDECODABLE
from components.serving_check.reference import BATCH_SIZE, Reference
from components.serving_check.settings import ServingCheckSettings


@dataclass(frozen=True)
class CheckedModel:
    """A model's responses, by call its number of images, and what they are checked against."""

    responses: Responses
    batch_sizes: dict[str, int]
    reference: Reference | None
    settings: ServingCheckSettings


def find_failures(model: CheckedModel) -> list[str]:
    """Every reason to keep the model out of service; empty if it passed."""
    if LOAD in model.responses.errors:
        return [
            "the model does not load in a process that has only TensorFlow: "
            f"{model.responses.errors[LOAD]}"
        ]
    return [failure for check in _CHECKS for failure in check(model)]


def largest_difference(model: CheckedModel) -> float | None:
    """Largest difference between a score and the Trainer's; None if nothing was compared."""
    differences = [
        float(np.max(np.abs(scores - expected)))
        for scores, expected in _compared(model)
        if scores.shape == expected.shape
    ]
    return max(differences, default=None)


def is_deterministic(model: CheckedModel) -> bool | None:
    """Whether equal calls returned equal outputs, bit for bit; None if no call was repeated."""
    outputs = model.responses.outputs
    pairs = [
        (outputs[name], outputs[name + q.AGAIN])
        for name in (q.ONE, q.MANY)
        if {name, name + q.AGAIN} <= outputs.keys()
    ]
    return all(is_same(one, other) for one, other in pairs) if pairs else None


def _fails(model: CheckedModel) -> Iterator[str]:
    if model.responses.ending:
        yield f"the check ended early: {model.responses.ending}"
    names_by_error = defaultdict(list)
    for name, error in model.responses.errors.items():
        names_by_error[error].append(name)
    for error, names in names_by_error.items():
        others = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
        yield f"no response to {names[0]}{others}: {error}"


def _breaks_contract(model: CheckedModel) -> Iterator[str]:
    classes = model.reference.classes if model.reference else None
    for name, outputs in model.responses.outputs.items():
        problem = find_problem(outputs, model.batch_sizes[name], classes)
        if problem:
            # The other responses have the same problem.
            yield f"{name}: {problem}"
            return


def _flags_good_images(model: CheckedModel) -> Iterator[str]:
    bad = {name(kind) for kind in UNDECODABLE for name in (q.alone, q.beside)}
    for name, outputs in model.responses.outputs.items():
        if name not in bad and "valid" in outputs and not outputs["valid"].all():
            count = int(np.sum(~outputs["valid"]))
            yield f"{name}: {count} good images are flagged as undecodable"
            return


def _compared(model: CheckedModel) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Scores of the model and of the Trainer for the same images."""
    if model.reference is None:
        return
    scores, alone = model.reference.scores, model.reference.scores_alone
    starts = range(0, len(scores), BATCH_SIZE)
    batches = [(q.reference_batch(n), scores[s : s + BATCH_SIZE]) for n, s in enumerate(starts)]
    single = [(q.reference_alone(n), row[np.newaxis]) for n, row in enumerate(alone)]
    for name, expected in [*batches, *single]:
        outputs = model.responses.outputs.get(name, {})
        if "scores" in outputs:
            yield outputs["scores"], expected


def _differs_from_trainer(model: CheckedModel) -> Iterator[str]:
    difference, bound = largest_difference(model), model.settings.max_difference
    if any(scores.shape != expected.shape for scores, expected in _compared(model)):
        yield "the scores have a different number of classes than the Trainer's"
    # Not `>`: NaN must fail, too.
    elif model.reference and difference is not None and not difference <= bound:
        yield (
            f"scores differ from the Trainer's by up to {difference:.2g} on "
            f"{len(model.reference.scores)} validation images; "
            f"serving_check.max_difference allows {bound:g}"
        )


def _is_not_deterministic(model: CheckedModel) -> Iterator[str]:
    if is_deterministic(model) is False:
        yield "two calls with the same images return different outputs"


def _mishandles_undecodable(model: CheckedModel) -> Iterator[str]:
    good = model.responses.outputs.get(q.GOOD)
    for kind in UNDECODABLE:
        name = q.beside(kind)
        outputs = model.responses.outputs.get(name, {})
        if not OUTPUTS.keys() <= outputs.keys():
            continue
        valid = outputs["valid"].tolist()
        if valid != [True, False, True]:
            yield f"{name}: output 'valid' is {valid}, not [True, False, True]"
        elif np.any(outputs["scores"][1] != 0) or outputs["label"][1] != "":
            yield f"{name}: its scores are not all 0, or its label is not empty"
        elif good is not None:
            difference = np.max(np.abs(outputs["scores"] - good["scores"])[[0, 2]])
            if not difference <= model.settings.max_difference:
                yield f"{name}: the scores of the other images change by {difference:.2g}"


def _leaks_memory(model: CheckedModel) -> Iterator[str]:
    timing, bound = model.responses.timings.get(q.CALLS), model.settings.max_memory_growth_bytes
    if timing and timing.memory_growth_bytes > bound:
        yield (
            f"memory grew by {_mib(timing.memory_growth_bytes)} over {timing.calls} calls; "
            f"serving_check.max_memory_growth_bytes allows {_mib(bound)}"
        )


def _is_slow(model: CheckedModel) -> Iterator[str]:
    timing, bound = model.responses.timings.get(q.CALLS), model.settings.max_latency_ms
    if timing and bound is not None and timing.latency_ms["p99"] > bound:
        yield (
            f"one image takes {timing.latency_ms['p99']:.1f} ms (p99 of {timing.calls} calls); "
            f"serving_check.max_latency_ms allows {bound:g}"
        )


def _mib(count: int) -> str:
    return f"{count / 1024**2:.1f} MiB"


_CHECKS: tuple[Callable[[CheckedModel], Iterator[str]], ...] = (
    _fails,
    _breaks_contract,
    _flags_good_images,
    _differs_from_trainer,
    _is_not_deterministic,
    _mishandles_undecodable,
    _leaks_memory,
    _is_slow,
)
