"""What is wrong with a model's answers, in sentences."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from components.serving_check import calls as q
from components.serving_check.clean_process import Answers
from components.serving_check.clean_process_main import LOAD
from components.serving_check.contract import OUTPUTS, find_problem, is_same
from components.serving_check.images import UNDECODABLE
from components.serving_check.reference import BATCH_SIZE, Reference
from components.serving_check.settings import ServingCheckSettings


@dataclass(frozen=True)
class Asked:
    """A model, asked.

    Attributes:
        answers: What it answered.
        sizes: Images of each question, by its name.
        reference: What the Trainer computed; None if there is nothing to compare with.
        settings: The bounds.
    """

    answers: Answers
    sizes: dict[str, int]
    reference: Reference | None
    settings: ServingCheckSettings


def find_failures(asked: Asked) -> list[str]:
    """Every reason not to put the model into service; none if it may go."""
    if LOAD in asked.answers.errors:
        return [
            "the model does not load in a process that has TensorFlow and nothing of ours: "
            f"{asked.answers.errors[LOAD]}"
        ]
    return [failure for check in _CHECKS for failure in check(asked)]


def largest_difference(asked: Asked) -> float | None:
    """Largest difference between a score and the Trainer's; None where nothing was compared."""
    differences = [
        float(np.max(np.abs(scores - expected)))
        for scores, expected in _compared(asked)
        if scores.shape == expected.shape
    ]
    return max(differences, default=None)


def is_deterministic(asked: Asked) -> bool | None:
    """Whether equal questions got equal answers, to the bit; None where none was asked twice."""
    outputs = asked.answers.outputs
    pairs = [
        (outputs[name], outputs[name + q.AGAIN])
        for name in (q.ONE, q.MANY)
        if {name, name + q.AGAIN} <= outputs.keys()
    ]
    return all(is_same(one, other) for one, other in pairs) if pairs else None


def _unanswered(asked: Asked) -> Iterator[str]:
    if asked.answers.ending:
        yield f"not all questions were asked; {asked.answers.ending}"
    names_by_error = defaultdict(list)
    for name, error in asked.answers.errors.items():
        names_by_error[error].append(name)
    for error, names in names_by_error.items():
        others = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
        yield f"no answer to {names[0]}{others}: {error}"


def _breaks_contract(asked: Asked) -> Iterator[str]:
    classes = asked.reference.classes if asked.reference else None
    for name, outputs in asked.answers.outputs.items():
        problem = find_problem(outputs, asked.sizes[name], classes)
        if problem:
            # What is wrong with one answer is wrong with the next.
            yield f"{name}: {problem}"
            return


def _flags_good_images(asked: Asked) -> Iterator[str]:
    bad = {name(kind) for kind in UNDECODABLE for name in (q.alone, q.beside)}
    for name, outputs in asked.answers.outputs.items():
        if name not in bad and "valid" in outputs and not outputs["valid"].all():
            count = int(np.sum(~outputs["valid"]))
            yield f"{name}: {count} good images are flagged as undecodable"
            return


def _compared(asked: Asked) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Scores of the model and of the Trainer, of the same images."""
    if asked.reference is None:
        return
    scores, alone = asked.reference.scores, asked.reference.scores_alone
    starts = range(0, len(scores), BATCH_SIZE)
    batches = [(q.reference_batch(n), scores[s : s + BATCH_SIZE]) for n, s in enumerate(starts)]
    single = [(q.reference_alone(n), row[np.newaxis]) for n, row in enumerate(alone)]
    for name, expected in [*batches, *single]:
        outputs = asked.answers.outputs.get(name, {})
        if "scores" in outputs:
            yield outputs["scores"], expected


def _differs_from_trainer(asked: Asked) -> Iterator[str]:
    difference, bound = largest_difference(asked), asked.settings.max_difference
    if any(scores.shape != expected.shape for scores, expected in _compared(asked)):
        yield "the scores are of another number of classes than the Trainer's"
    # Not `>`: what is no number differs, too.
    elif asked.reference and difference is not None and not difference <= bound:
        yield (
            f"scores differ from the Trainer's by up to {difference:.2g} on "
            f"{len(asked.reference.scores)} validation images; "
            f"serving_check.max_difference allows {bound:g}"
        )


def _is_not_deterministic(asked: Asked) -> Iterator[str]:
    if is_deterministic(asked) is False:
        yield "two calls with the same images give different answers"


def _treats_undecodable_wrong(asked: Asked) -> Iterator[str]:
    good = asked.answers.outputs.get(q.GOOD)
    for kind in UNDECODABLE:
        name = q.beside(kind)
        outputs = asked.answers.outputs.get(name, {})
        if not OUTPUTS.keys() <= outputs.keys():
            continue
        valid = outputs["valid"].tolist()
        if valid != [True, False, True]:
            yield f"{name}: output 'valid' is {valid}, not [True, False, True]"
        elif np.any(outputs["scores"][1] != 0) or outputs["label"][1] != "":
            yield f"{name}: its scores are not all 0, or its label is not empty"
        elif good is not None:
            difference = np.max(np.abs(outputs["scores"] - good["scores"])[[0, 2]])
            if not difference <= asked.settings.max_difference:
                yield f"{name}: the scores of its neighbours change by {difference:.2g}"


def _grows(asked: Asked) -> Iterator[str]:
    timing, bound = asked.answers.timings.get(q.CALLS), asked.settings.max_memory_growth_bytes
    if timing and timing.memory_growth_bytes > bound:
        yield (
            f"memory grew by {_mib(timing.memory_growth_bytes)} over {timing.calls} calls; "
            f"serving_check.max_memory_growth_bytes allows {_mib(bound)}"
        )


def _is_slow(asked: Asked) -> Iterator[str]:
    timing, bound = asked.answers.timings.get(q.CALLS), asked.settings.max_latency_ms
    if timing and bound is not None and timing.latency_ms["p99"] > bound:
        yield (
            f"one image takes {timing.latency_ms['p99']:.1f} ms (p99 of {timing.calls} calls); "
            f"serving_check.max_latency_ms allows {bound:g}"
        )


def _mib(count: int) -> str:
    return f"{count / 1024**2:.1f} MiB"


_CHECKS: tuple[Callable[[Asked], Iterator[str]], ...] = (
    _unanswered,
    _breaks_contract,
    _flags_good_images,
    _differs_from_trainer,
    _is_not_deterministic,
    _treats_undecodable_wrong,
    _grows,
    _is_slow,
)
