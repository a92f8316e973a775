"""Writes what happened to every file beside the examples: `ingest.json`, `quarantine.jsonl`."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import tensorflow as tf

from components import storage
from components.artifacts import INGEST_FILE, NEAR_DUPLICATES_FILE, QUARANTINE_FILE
from components.example_gen.inspection import Checked
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.listing import Listing
from components.example_gen.verdicts import NearDuplicates, Verdicts
from components.images.check import Accepted, Rejected
from components.printable import printable

FAILED_QUARANTINE_FILE = "quarantine-of-failed-run.jsonl"


def summarize(
    verdicts: Verdicts,
    listing: Listing,
    span: int | None,
    corrected: dict[str, int] | None = None,
) -> dict[str, Any]:
    """Counts what became of the files.

    Args:
        verdicts: What became of each.
        listing: The files.
        span: The span, where the path has one.
        corrected: What `data.corrections` did, where there are any.

    Returns:
        `found`, `accepted`, `quarantined`, `quarantined_by_reason`, `splits`, `classes`,
        `classes_by_split`, `ignored`, `excluded`, `groups`, `unused`, `span`, `converted`,
        `first_frames`, `copies`, `near_duplicates`, `near_duplicates_across_splits` and
        `corrections`.

    Raises:
        RuntimeError: If a file is neither accepted nor quarantined.
    """
    labels = {
        split: Counter(image.label for image in images)
        for split, images in verdicts.accepted.items()
    }
    accepted = sum(len(images) for images in verdicts.accepted.values())
    quarantined = len(verdicts.quarantined)
    found = len(listing.images) - len(verdicts.ignored)
    if accepted + quarantined != found:
        raise RuntimeError(f"{found} files found, {accepted} accepted, {quarantined} quarantined")
    reasons = Counter(
        image.verdict.reason
        for image in verdicts.quarantined
        if isinstance(image.verdict, Rejected)
    )
    return {
        "found": found,
        "accepted": accepted,
        "quarantined": quarantined,
        "quarantined_by_reason": dict(sorted(reasons.items())),
        "splits": {split: len(images) for split, images in verdicts.accepted.items()},
        "classes": dict(sorted(sum(labels.values(), Counter()).items())),
        "classes_by_split": {split: dict(sorted(c.items())) for split, c in labels.items()},
        "ignored": [image.found.name for image in verdicts.ignored],
        "excluded": listing.excluded,
        "groups": len({image.group for image in listing.images if image.group}),
        "unused": sorted(map(printable, listing.unused)),
        "span": span,
        "corrections": corrected or {},
        **_count_changes(verdicts),
        "copies": accepted - len(_pixels(verdicts)),
        "near_duplicates": len(verdicts.near_duplicates),
        "near_duplicates_across_splits": sum(
            pair.split != pair.other_split for pair in verdicts.near_duplicates
        ),
    }


def _pixels(verdicts: Verdicts) -> set[str]:
    """The digests of what the accepted images show."""
    return {image.pixels for images in verdicts.accepted.values() for image in images}


def _count_changes(verdicts: Verdicts) -> dict[str, Any]:
    """Counts what was not trained on as it is: by format, and of frames or pages the first."""
    accepted = [image.verdict for images in verdicts.accepted.values() for image in images]
    formats = Counter(image.converted_from for image in accepted if isinstance(image, Accepted))
    return {
        "converted": {name: formats[name] for name in sorted(formats) if name},
        "first_frames": sum(isinstance(i, Accepted) and i.has_more_frames for i in accepted),
    }


def describe(summary: dict[str, Any]) -> str:
    """Puts the counts of `summarize` into a line."""
    splits = ", ".join(f"{count} {split}" for split, count in summary["splits"].items())
    refused = f", {summary['quarantined']} quarantined" if summary["quarantined"] else ""
    accepted = f"{summary['accepted']} of {summary['found']} images accepted"
    excluded = f", {summary['excluded']} excluded" if summary["excluded"] else ""
    others = _some("no image", summary["ignored"]) + _some("not used", summary["unused"])
    return f"{accepted} ({splits}){refused}{excluded}{others}"


def _some(what: str, names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"; {what}: {', '.join(names[:most])}{more}" if names else ""


def write_report(folder: str, summary: dict[str, Any], verdicts: Verdicts) -> None:
    """Writes `ingest.json` and the lists beside it into the root of the Examples artifact."""
    with tf.io.gfile.GFile(storage.join(folder, INGEST_FILE), "w") as file:
        file.write(json.dumps(summary, indent=2) + "\n")
    _write_quarantine(storage.join(folder, QUARANTINE_FILE), verdicts.quarantined)
    _write_lines(
        storage.join(folder, NEAR_DUPLICATES_FILE), map(_pair_row, verdicts.near_duplicates)
    )


def _pair_row(pair: NearDuplicates) -> dict[str, Any]:
    return {
        "paths": [pair.image.found.name, pair.other.found.name],
        "labels": [pair.image.label, pair.other.label],
        "splits": [pair.split, pair.other_split],
        "bits": pair.bits,
    }


def read_summary(folder: str) -> dict[str, Any] | None:
    """What `write_report` wrote below an Examples artifact; None where another component did."""
    path = storage.join(folder, INGEST_FILE)
    if not tf.io.gfile.exists(path):
        return None
    with tf.io.gfile.GFile(path) as file:
        return dict(json.load(file))


def keep_quarantine(
    error: IngestError, folder: str, quarantined: Collection[Checked]
) -> IngestError:
    """Saves the quarantine list of a run that fails; returns the error, whose hint names it.

    TFX deletes what a failed execution wrote, so the list goes beside the artifacts.
    """
    if not quarantined:
        return error
    component = folder.rstrip("/").rsplit("/", 2)[0]
    path = storage.join(component, FAILED_QUARANTINE_FILE)
    _write_quarantine(path, quarantined)
    return IngestError(error.message, f"{error.hint} All refused files are listed in {path}.")


def _write_quarantine(path: str, quarantined: Iterable[Checked]) -> None:
    _write_lines(path, map(_quarantine_row, quarantined))


def _write_lines(path: str, rows: Iterable[dict[str, Any]]) -> None:
    lines = (json.dumps(row) + "\n" for row in rows)
    with tf.io.gfile.GFile(path, "w") as file:
        file.write("".join(lines))  # one write, of an empty string too, so that the file exists


def _quarantine_row(image: Checked) -> dict[str, Any]:
    assert isinstance(image.verdict, Rejected)
    return {
        "path": image.found.name,
        "reason": image.verdict.reason,
        "detail": image.verdict.detail,
        "bytes": image.bytes,
        "sha256": image.sha256 or None,
        "label": image.label or None,
        "split": image.found.given_split,
    }
