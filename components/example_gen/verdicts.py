"""Decides where every image goes: into which split, or into quarantine."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from components.example_gen.corrections import DROPPED
from components.example_gen.inspection import OTHER_FILE, Checked
from components.example_gen.near_duplicates import Pair, find_groups, find_pairs
from components.example_gen.settings import DataSettings
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.split_settings import SPLIT_NAMES
from components.example_gen.split import Unit, assign_splits
from components.format import count
from components.images.check import Accepted, Rejected

_GROUP = "group:"
_ALIKE = (
    "{} of their images look alike and share a split; if they are not near-duplicates, set "
    "data.near_duplicates to warn."
)


class NearDuplicates(NamedTuple):
    """Two accepted images that look alike."""

    split: str
    image: Checked
    other_split: str
    other: Checked
    bits: int
    """Number of bits, of 64, in which their perceptual hashes differ."""


@dataclass(frozen=True)
class Verdicts:
    """Where every file goes; each is in exactly one of the three."""

    accepted: dict[str, list[Checked]]
    """Split name to its images, sorted by hash: as random as shuffled, and stable."""
    quarantined: list[Checked]
    """Sorted by name; the verdict of each is `Rejected`."""
    ignored: list[Checked]
    """Files that are not images by name or content, sorted by name."""
    near_duplicates: list[NearDuplicates] = field(default_factory=list)
    """Accepted images that look alike, the pairs that suffice to join every group."""


def decide(checked: Iterable[Checked], settings: DataSettings) -> Verdicts:
    """Finds conflicts among the images, which are in any order, and assigns the splits."""
    quarantined: list[Checked] = []
    copies: defaultdict[str, list[Checked]] = defaultdict(list)
    for image in checked:
        if isinstance(image.verdict, Accepted):
            copies[image.pixels].append(image)
        else:
            quarantined.append(image)
    sound: list[list[Checked]] = []
    for same in sorted(map(_by_name, copies.values()), key=_key):
        if len({image.label for image in same}) > 1:
            quarantined += [_reject(copy, "two_labels", _other_label(copy, same)) for copy in same]
        else:
            sound.append(same)
    accepted, leaked, near = _divide(sound, settings)
    refused = sorted(quarantined + leaked, key=lambda image: image.found.name)
    bad = [image for image in refused if _rejection(image).reason != OTHER_FILE]
    ignored = [image for image in refused if _rejection(image).reason == OTHER_FILE]
    return Verdicts(accepted, bad, ignored, near)


def _divide(
    sound: Sequence[Sequence[Checked]], settings: DataSettings
) -> tuple[dict[str, list[Checked]], list[Checked], list[NearDuplicates]]:
    """Assigns the splits; where images that must share a split are given several, one is kept.

    Returns:
        The images of each split, those that are rejected, and which look alike.
    """
    together = _join_groups(sound)
    searched = settings.near_duplicates != "off"
    pairs = find_pairs([same[0].look for same in sound]) if searched else []
    alike = [(sound[pair.one][0], sound[pair.other][0], pair.bits) for pair in pairs]
    keys = _join_alike(together, alike if settings.near_duplicates == "group" else [])
    assigned = _assign(together, keys, settings)
    accepted: dict[str, list[Checked]] = {name: [] for name in SPLIT_NAMES}
    rejected: list[Checked] = []
    for key, images in together.items():
        splits = [assigned[image.found.given_split][keys[key]] for image in images]
        split, kept, leaked = _judge_splits(images, splits)
        accepted[split] += kept
        rejected += leaked
    for kept in accepted.values():
        kept.sort(key=lambda image: (image.sha256, image.found.name))
    return accepted, rejected, _find_homes(alike, accepted)


def _find_homes(
    alike: Iterable[tuple[Checked, Checked, int]], accepted: Mapping[str, Sequence[Checked]]
) -> list[NearDuplicates]:
    """Names the splits of images that look alike; those of which one is rejected are left out."""
    homes = {image.pixels: (split, image) for split in accepted for image in accepted[split]}
    return [
        NearDuplicates(*homes[one.pixels], *homes[other.pixels], bits)
        for one, other, bits in alike
        if one.pixels in homes and other.pixels in homes
    ]


def _join_alike(
    together: Mapping[str, Iterable[Checked]], alike: Iterable[tuple[Checked, Checked, int]]
) -> dict[str, str]:
    """What the split of each key follows from: the first of the keys that it looks like.

    The names of groups come before digests, since they stay when images come.
    """
    keys = sorted(together, key=lambda key: (not key.startswith(_GROUP), key))
    places = {image.pixels: place for place, key in enumerate(keys) for image in together[key]}
    pairs = [Pair(places[one.pixels], places[other.pixels], bits) for one, other, bits in alike]
    groups = find_groups(len(keys), pairs)
    return {key: keys[group] for key, group in zip(keys, groups, strict=True)}


def _assign(
    together: Mapping[str, Iterable[Checked]], keys: Mapping[str, str], settings: DataSettings
) -> dict[str | None, dict[str, str]]:
    """Names the split of each of `keys`, for each split that the data give."""
    labels: defaultdict[str | None, defaultdict[str, Counter[str]]]
    labels = defaultdict(lambda: defaultdict(Counter))
    for key, images in together.items():
        for image in images:
            labels[image.found.given_split][keys[key]][image.label] += 1
    return {
        given: assign_splits(
            [Unit(key, images) for key, images in of_split.items()],
            settings.splits,
            given,
            settings.min_images_per_class,
        )
        for given, of_split in labels.items()
    }


def _join_groups(sound: Iterable[Sequence[Checked]]) -> dict[str, list[Checked]]:
    """Joins copies in one group, and groups that have a copy in common.

    Returns:
        Images that share a split, in the order of their names, by the key that decides the split:
        the digest of the image, or the name of the group, which stays when images are added.
    """
    leaders: dict[str, str] = {}

    def lead(group: str) -> str:
        while (above := leaders.setdefault(group, group)) != group:
            group = above
        return group

    for same in sound:
        first, *others = sorted(
            {lead(image.found.group) for image in same if image.found.group}
        ) or [""]
        leaders.update(dict.fromkeys(others, first))
    together: defaultdict[str, list[Checked]] = defaultdict(list)
    for same in sound:
        group = next((image.found.group for image in same if image.found.group), "")
        together[f"{_GROUP}{lead(group)}" if group else _key(same)] += same
    return {key: _by_name(images) for key, images in together.items()}


def _by_name(images: Iterable[Checked]) -> list[Checked]:
    return sorted(images, key=lambda image: image.found.name)


def _key(same: Iterable[Checked]) -> str:
    """The key that decides the split of copies; of a single image, its own digest."""
    return min(image.sha256 for image in same)


def _judge_splits(
    images: Sequence[Checked], splits: Sequence[str]
) -> tuple[str, list[Checked], list[Checked]]:
    """Decides the split of images that must share one, which are kept and which are rejected."""
    # Test is what the gate trusts: an image in it may be in no other split.
    split = max(splits, key=SPLIT_NAMES.index)
    kept = [image for image, its in zip(images, splits, strict=True) if its == split]
    homes = {image.pixels: image.found.name for image in reversed(kept)}
    leaked = []
    for image, its in zip(images, splits, strict=True):
        if its != split and image.pixels in homes:
            detail = f"the same image is in {split}: {homes[image.pixels]}"
            leaked.append(_reject(image, "duplicate_across_splits", detail))
        elif its != split:
            detail = f"group {image.found.group!r} is in {split}: {kept[0].found.name}"
            leaked.append(_reject(image, "group_across_splits", detail))
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
    # What `data.corrections` drops is not an error in the data.
    faulty = [image for image in verdicts.quarantined if _rejection(image).reason != DROPPED]
    bad = len(faulty)
    found = bad + sum(len(images) for images in verdicts.accepted.values())
    if bad <= settings.max_bad_fraction * found:
        return
    reasons = Counter(_rejection(image).reason for image in faulty)
    counts = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    worst = "\n".join(
        f"  {image.found.name}: {_rejection(image).reason} ({_rejection(image).detail})"
        for image in ten_worst(faulty)
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

    `classes` are all there should be, including those without an accepted image.

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
            "no image was accepted.", "Check that data.path names the folder of your images."
        )
    if len(names) < 2:
        raise IngestError(
            f"there is only one class: {', '.join(names)}.",
            "A classifier needs two; check the labels of the data, and what was quarantined.",
        )
    least = settings.min_images_per_class
    short = [name for name in names if any(counts[split][name] < least for split in SPLIT_NAMES)]
    if short:
        alike = sum(pair.image.label in short for pair in verdicts.near_duplicates)
        together = alike if settings.near_duplicates == "group" else 0
        raise _too_few(short, len(names), counts, settings, together)


def _too_few(
    short: Sequence[str],
    number_of_classes: int,
    counts: Mapping[str, Mapping[str, int]],
    settings: DataSettings,
    together: int,
) -> IngestError:
    least = settings.min_images_per_class
    listed = [
        f"\n  class {name!r} has "
        + ", ".join(f"{counts[split].get(name, 0)} in {split}" for split in SPLIT_NAMES)
        for name in short[:10]
    ]
    more = f"\n  and {len(short) - 10} more" if len(short) > 10 else ""
    needed = (
        "to the splits that have too few of them, or carve these splits out of others "
        "({from: SPLIT, fraction: F})"
        if settings.splits.are_named
        else f"until each has {least * len(SPLIT_NAMES)} different ones, {least} for each split"
    )
    if settings.group:
        needed += f", of more than two groups ({settings.group})"
    lower = ", or lower data.min_images_per_class" if least > 1 else ""
    return IngestError(
        f"{len(short)} of {number_of_classes} classes have too few images in a split "
        f"(data.min_images_per_class is {least}):" + "".join(listed) + more,
        f"Add images of these classes {needed}; or remove these classes{lower}."
        + (f" {_ALIKE.format(count(together, 'pair'))}" if together else ""),
    )


def describe_alike(classes: Iterable[str]) -> list[str]:
    """Says which class names differ in upper and lower case only: usually one class, misspelled."""
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(classes):
        alike[name.casefold()].append(name)
    return [
        f"the classes {' and '.join(map(repr, names))} differ in upper and lower case only"
        for names in alike.values()
        if len(names) > 1
    ]
