"""Decides what becomes of every image: into which split, or into quarantine."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from components.example_gen.inspection import Checked
from components.example_gen.settings import DataSettings
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.split_settings import SPLIT_NAMES
from components.example_gen.split import assign_split
from components.images.check import Accepted, Rejected


@dataclass(frozen=True)
class Verdicts:
    """What becomes of every image; each is in exactly one of the two."""

    accepted: dict[str, list[Checked]]
    """Split name to its images, sorted by hash: an order as good as shuffled, and stable."""
    quarantined: list[Checked]
    """Sorted by name; the verdict of each is `Rejected`."""


def decide(checked: Iterable[Checked], settings: DataSettings) -> Verdicts:
    """Finds conflicts among the images, which are in any order, and assigns the splits."""
    quarantined: list[Checked] = []
    copies: defaultdict[str, list[Checked]] = defaultdict(list)
    for image in checked:
        if isinstance(image.verdict, Accepted):
            copies[image.sha256].append(image)
        else:
            quarantined.append(image)
    accepted: dict[str, list[Checked]] = {name: [] for name in SPLIT_NAMES}
    for sha256 in sorted(copies):
        same = sorted(copies[sha256], key=lambda image: image.found.name)
        split, kept, rejected = _judge_copies(same, settings)
        accepted[split] += kept
        quarantined += rejected
    quarantined.sort(key=lambda image: image.found.name)
    return Verdicts(accepted, quarantined)


def _judge_copies(
    same: Sequence[Checked], settings: DataSettings
) -> tuple[str, list[Checked], list[Checked]]:
    """Judges byte-identical images: the split they go to, which are kept and which are not."""
    splits = [
        assign_split(image.sha256, settings.splits, image.found.given_split) for image in same
    ]
    # Test is what the gate trusts: an image that is in it may be nowhere else.
    split = max(splits, key=SPLIT_NAMES.index)
    if len({image.label for image in same}) > 1:
        conflicts = [_reject(copy, "two_labels", _other_label(copy, same)) for copy in same]
        return split, [], conflicts
    home = same[splits.index(split)].found.name
    kept = [image for image, its in zip(same, splits, strict=True) if its == split]
    leaked = [
        _reject(image, "duplicate_across_splits", f"the same image is in {split}: {home}")
        for image, its in zip(same, splits, strict=True)
        if its != split
    ]
    return split, kept, leaked


def _other_label(image: Checked, same: Sequence[Checked]) -> str:
    other = next(copy for copy in same if copy.label != image.label)
    return f"the same image is labelled {other.label!r}: {other.found.name}"


def _reject(image: Checked, reason: str, detail: str) -> Checked:
    return replace(image, verdict=Rejected(reason, detail))


def check_quality(verdicts: Verdicts, settings: DataSettings) -> None:
    """Checks that not too much is quarantined.

    Raises:
        IngestError: If more than `max_bad_fraction` is; it lists the ten worst.
    """
    bad = len(verdicts.quarantined)
    found = bad + sum(len(images) for images in verdicts.accepted.values())
    if bad <= settings.max_bad_fraction * found:
        return
    reasons = Counter(_rejection(image).reason for image in verdicts.quarantined)
    counts = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    worst = "\n".join(
        f"  {image.found.name}: {_rejection(image).reason} ({_rejection(image).detail})"
        for image in ten_worst(verdicts.quarantined)
    )
    raise IngestError(
        f"{bad} of {found} files cannot be used ({bad / found:.1%}; data.max_bad_fraction allows "
        f"{settings.max_bad_fraction:.1%}): {counts}.\n{worst}",
        "Fix or remove these files, or raise data.max_bad_fraction.",
    )


def ten_worst(quarantined: Sequence[Checked]) -> list[Checked]:
    """Picks ten to show: one of each reason first, so that no kind of fault hides another."""
    seen: Counter[str] = Counter()
    ranked: list[tuple[int, int, Checked]] = []
    for position, image in enumerate(quarantined):
        reason = _rejection(image).reason
        ranked.append((seen[reason], position, image))
        seen[reason] += 1
    return [image for _, _, image in sorted(ranked, key=lambda entry: entry[:2])[:10]]


def _rejection(image: Checked) -> Rejected:
    assert isinstance(image.verdict, Rejected)
    return image.verdict


def check_classes(verdicts: Verdicts, classes: Iterable[str], settings: DataSettings) -> None:
    """Checks that there are at least two classes, with enough images in each split.

    `classes` are all there should be, those without an accepted image included.

    Raises:
        IngestError: If there is one class only, or one has too few images in a split.
    """
    counts = {
        split: Counter(image.label for image in images)
        for split, images in verdicts.accepted.items()
    }
    names = sorted(set(classes).union(*counts.values()))
    if not any(sum(count.values()) for count in counts.values()):
        raise IngestError(
            "not one image was accepted.", "Check that data.path names the folder of your images."
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
            f"{len(short)} classes have too few images in a split "
            f"(data.min_images_per_class is {least}):\n" + "\n".join(short[:10]) + more,
            "Add images, or give the split a larger share in data.splits.",
        )
