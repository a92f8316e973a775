"""Decides what becomes of every picture: into which split, or into quarantine."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from components.example_gen.errors import IngestError
from components.example_gen.inspection import Checked
from components.example_gen.settings import SPLIT_NAMES, DataSettings
from components.example_gen.split import assign_split
from components.images.check import Accepted, Rejected


@dataclass(frozen=True)
class Verdicts:
    """What becomes of every picture; each is in exactly one of the two."""

    accepted: dict[str, list[Checked]]
    """Split name to its pictures, sorted by hash: an order as good as shuffled, and stable."""
    quarantined: list[Checked]
    """Sorted by name; the verdict of each is `Rejected`."""


def decide(checked: Iterable[Checked], settings: DataSettings) -> Verdicts:
    """Finds conflicts among the pictures and assigns the splits.

    Args:
        checked: Every picture found, in any order.
        settings: The `data` section.
    """
    quarantined: list[Checked] = []
    copies: defaultdict[str, list[Checked]] = defaultdict(list)
    for picture in checked:
        if isinstance(picture.verdict, Accepted):
            copies[picture.sha256].append(picture)
        else:
            quarantined.append(picture)
    accepted: dict[str, list[Checked]] = {name: [] for name in SPLIT_NAMES}
    for sha256 in sorted(copies):
        same = sorted(copies[sha256], key=lambda picture: picture.found.name)
        split, kept, rejected = _judge_copies(same, settings)
        accepted[split] += kept
        quarantined += rejected
    quarantined.sort(key=lambda picture: picture.found.name)
    return Verdicts(accepted, quarantined)


def _judge_copies(
    same: Sequence[Checked], settings: DataSettings
) -> tuple[str, list[Checked], list[Checked]]:
    """Judges byte-identical pictures: the split they go to, which are kept and which are not."""
    splits = [
        assign_split(picture.sha256, settings.splits, picture.found.given_split) for picture in same
    ]
    # Test is what the gate trusts: a picture that is in it may be nowhere else.
    split = max(splits, key=SPLIT_NAMES.index)
    if len({picture.label for picture in same}) > 1:
        conflicts = [_reject(copy, "two_labels", _other_label(copy, same)) for copy in same]
        return split, [], conflicts
    home = same[splits.index(split)].found.name
    kept = [picture for picture, its in zip(same, splits, strict=True) if its == split]
    leaked = [
        _reject(picture, "duplicate_across_splits", f"the same picture is in {split}: {home}")
        for picture, its in zip(same, splits, strict=True)
        if its != split
    ]
    return split, kept, leaked


def _other_label(picture: Checked, same: Sequence[Checked]) -> str:
    other = next(copy for copy in same if copy.label != picture.label)
    return f"the same picture is labelled {other.label!r}: {other.found.name}"


def _reject(picture: Checked, reason: str, detail: str) -> Checked:
    return replace(picture, verdict=Rejected(reason, detail))


def check_quality(verdicts: Verdicts, settings: DataSettings) -> None:
    """Checks that not too much is quarantined.

    Raises:
        IngestError: If more than `max_bad_fraction` is; it lists the ten worst.
    """
    bad = len(verdicts.quarantined)
    found = bad + sum(len(pictures) for pictures in verdicts.accepted.values())
    if bad <= settings.max_bad_fraction * found:
        return
    reasons = Counter(_rejection(picture).reason for picture in verdicts.quarantined)
    counts = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    worst = "\n".join(
        f"  {picture.found.name}: {_rejection(picture).reason} ({_rejection(picture).detail})"
        for picture in ten_worst(verdicts.quarantined)
    )
    raise IngestError(
        f"{bad} of {found} files cannot be used ({bad / found:.1%}; data.max_bad_fraction allows "
        f"{settings.max_bad_fraction:.1%}): {counts}.\n{worst}",
        "Mend or remove these files, or raise data.max_bad_fraction.",
    )


def ten_worst(quarantined: Sequence[Checked]) -> list[Checked]:
    """Picks ten to show: one of each reason first, so that no kind of fault hides another."""
    seen: Counter[str] = Counter()
    ranked: list[tuple[int, int, Checked]] = []
    for position, picture in enumerate(quarantined):
        reason = _rejection(picture).reason
        ranked.append((seen[reason], position, picture))
        seen[reason] += 1
    return [picture for _, _, picture in sorted(ranked, key=lambda entry: entry[:2])[:10]]


def _rejection(picture: Checked) -> Rejected:
    assert isinstance(picture.verdict, Rejected)
    return picture.verdict


def check_classes(verdicts: Verdicts, classes: Iterable[str], settings: DataSettings) -> None:
    """Checks that there are classes to tell apart, with enough pictures in each split.

    Args:
        verdicts: What was accepted.
        classes: Every class there should be, those without an accepted picture included.
        settings: The `data` section.

    Raises:
        IngestError: If there is one class only, or one has too few pictures in a split.
    """
    counts = {
        split: Counter(picture.label for picture in pictures)
        for split, pictures in verdicts.accepted.items()
    }
    names = sorted(set(classes).union(*counts.values()))
    if not any(sum(count.values()) for count in counts.values()):
        raise IngestError(
            "not one picture was accepted.", "Check that data.path holds the pictures you mean."
        )
    if len(names) < 2:
        raise IngestError(
            f"there is only one class: {', '.join(names)}.",
            "A classifier needs two; check the labels of the data, and what was quarantined.",
        )
    least = settings.min_images_per_class
    short = [
        f"  class {name!r} has {counts[split][name]} in {split}"
        for name in names
        for split in SPLIT_NAMES
        if counts[split][name] < least
    ]
    if short:
        more = f"\n  and {len(short) - 10} more" if len(short) > 10 else ""
        raise IngestError(
            f"{len(short)} classes have too few pictures in a split "
            f"(data.min_images_per_class is {least}):\n" + "\n".join(short[:10]) + more,
            "Add pictures, or give the split a larger share in data.splits.",
        )
