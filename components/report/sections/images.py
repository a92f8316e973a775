"""The images themselves: as the network sees them, augmented, and those with suspect labels."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.artifacts import (
    INGEST_FILE,
    PAGE_IMAGES_FILE,
    SUSPECT_IMAGES_FILE,
    SUSPECTS_FILE,
)
from components.example_gen.suspect_labels import SuspectLabel, parse_suspects
from components.report.inputs.sources import Sources
from components.report.inputs.statistics import split_order


@dataclass(frozen=True)
class ShownSuspect:
    """An image whose label is probably wrong.

    Attributes:
        row: What the table says of it.
        image: A JPEG thumbnail as a data URI.
    """

    row: SuspectLabel
    image: str

    @property
    def alt(self) -> str:
        """Alternative text of the thumbnail."""
        return f"{self.row.path}: {self.row.label}, or {self.row.suggested_label}?"


@dataclass(frozen=True)
class Images:
    """What the section shows; all images are data URIs.

    Attributes:
        classes: Nine training images of each of the first classes, by name.
        number_of_classes: Number of all classes.
        augmented: `image`, one image under nine augmentations, and `stage`; None without any.
        suspects: The least probable labels, the worst first; None if not checked.
        number_of_suspects: Number of all of them.
        suspects_by_split: Their number in each split.
        changes: What ingest did with files, and how many, in words.
    """

    classes: Mapping[str, str]
    number_of_classes: int
    augmented: Mapping[str, str] | None
    suspects: Sequence[ShownSuspect] | None
    number_of_suspects: int
    suspects_by_split: Mapping[str, int]
    changes: Mapping[str, int]


def read_images(sources: Sources) -> Images | None:
    """Reads what the Trainer wrote; None where it wrote nothing."""
    seen = sources.read_json("model_run", PAGE_IMAGES_FILE)
    table = sources.read_bytes("model_run", SUSPECTS_FILE)
    if table is None and seen is None:
        return None
    rows = parse_suspects(table.decode()) if table else []
    thumbnails = sources.read_json("model_run", SUSPECT_IMAGES_FILE) or []
    shown = [ShownSuspect(*one) for one in zip(rows, thumbnails, strict=False)]
    ingest = sources.read_json("examples", INGEST_FILE) or {}
    return Images(
        classes=seen["classes"] if seen else {},
        number_of_classes=len(ingest.get("classes", {})),
        augmented=seen["augmented"] if seen else None,
        suspects=None if table is None else shown,
        number_of_suspects=len(rows),
        suspects_by_split=Counter(sorted((row.split for row in rows), key=split_order)),
        changes=_read_changes(ingest),
    )


def _read_changes(ingest: Mapping[str, Any]) -> dict[str, int]:
    """What happened to files that were not taken unchanged; zero counts are left out."""
    corrections = ingest.get("corrections", {})
    numbers = {
        **{f"converted from {n}": number for n, number in ingest.get("converted", {}).items()},
        "first frame or page of several": ingest.get("first_frames", 0),
        "turned upright (EXIF)": ingest.get("turned", 0),
        "relabelled (corrections)": corrections.get("relabelled", 0),
        "left out (data.exclude)": ingest.get("excluded", 0),
        "not an image, by name and bytes": len(ingest.get("ignored", [])),
        **{
            f"quarantined: {reason.replace('_', ' ')}": number
            for reason, number in ingest.get("quarantined_by_reason", {}).items()
        },
    }
    return {name: number for name, number in numbers.items() if number}
