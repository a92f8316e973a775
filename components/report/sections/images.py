"""The images themselves: those whose label is probably wrong."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.artifacts import SUSPECT_IMAGES_FILE, SUSPECTS_FILE
from components.example_gen.suspect_labels import SuspectLabel, parse_suspects
from components.report.inputs.sources import Sources


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
    """What the section shows.

    Attributes:
        suspects: The least probable labels, the worst first; None where nobody looked.
        number_of_suspects: Number of all of them.
        suspects_by_split: Their number in each split.
    """

    suspects: Sequence[ShownSuspect] | None
    number_of_suspects: int
    suspects_by_split: Mapping[str, int]


def read_images(sources: Sources) -> Images | None:
    """Reads what the Trainer wrote; None where it wrote nothing."""
    table = sources.read_bytes("model_run", SUSPECTS_FILE)
    if table is None:
        return None
    rows = parse_suspects(table.decode())
    thumbnails = sources.read_json("model_run", SUSPECT_IMAGES_FILE)
    return Images(
        suspects=[ShownSuspect(*shown) for shown in zip(rows, thumbnails, strict=False)],
        number_of_suspects=len(rows),
        suspects_by_split=Counter(row.split for row in rows),
    )
