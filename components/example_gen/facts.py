"""What ImageExampleGen reports: which images there are, and which could not be used."""

from components import storage
from components.artifacts import INGEST_FILE, QUARANTINE_FILE
from components.facts import Facts, Metrics, Outputs
from components.format import count


class IngestFacts(Facts):
    """The images that were found: `accepted` + `quarantined` = `found`."""

    found: int | None = None
    accepted: int = 0
    quarantined: int = 0
    quarantined_by_reason: dict[str, int] = {}
    splits: dict[str, int] = {}
    """Number of examples by split."""
    classes: dict[str, int] = {}
    """Number of examples by class, over all splits."""
    span: int | None = None
    converted: dict[str, int] = {}
    """Number of images that were converted to PNG, by the format they had."""
    first_frames: int = 0
    """Number of images with more frames or pages, of which the first is used."""
    copies: int = 0
    """Number of accepted images whose pixels another accepted image of their class has, too."""
    corrections: dict[str, int] = {}
    """What `data.corrections` did: numbers `relabelled`, `dropped` and `unmatched`."""
    near_duplicates: int = 0
    """Number of pairs of images that look alike, those that suffice to join every group."""
    near_duplicates_across_splits: int = 0
    """Number of these pairs whose images are in two splits."""
    quarantine_path: str | None = None
    """File with each quarantined file and its reason, one JSON object a line."""

    @classmethod
    def read(cls, outputs: Outputs) -> "IngestFacts":
        """Reads `ingest.json`."""
        folder = outputs["examples"][0].uri
        facts = storage.read_json(storage.join(folder, INGEST_FILE))
        return cls(**facts, quarantine_path=storage.join(folder, QUARANTINE_FILE))

    def headline(self) -> str:
        """`1,797 images, 3 quarantined (3 empty file); train 1,242, ...`."""
        splits = ", ".join(f"{name} {number:,}" for name, number in self.splits.items())
        if self.found is None:
            return splits
        span = f"span {self.span}" if self.span else ""
        alike = self._near_duplicates()
        copies = f"{self.copies:,} of them copies" if self.copies else ""
        images = [count(self.found, "image"), copies, alike, self._quarantined(), span]
        changes = [self.describe_converted(), self._first_frames(), self.describe_corrections()]
        parts = [", ".join(filter(None, images)), *changes, splits]
        return "; ".join(filter(None, parts))

    def describe_converted(self) -> str:
        """`converted: 12 WebP, 3 HEIC`; empty where nothing was."""
        by_number = sorted(self.converted.items(), key=lambda item: (-item[1], item[0]))
        shown = ", ".join(f"{number:,} {name}" for name, number in by_number)
        return f"converted: {shown}" if shown else ""

    def describe_corrections(self) -> str:
        """`corrections: 12 relabelled, 3 dropped`; empty where nothing was."""
        shown = ", ".join(
            f"{number:,} {name}" for name, number in self.corrections.items() if number
        )
        return f"corrections: {shown}" if shown else ""

    def _first_frames(self) -> str:
        return f"first frame of {self.first_frames:,}" if self.first_frames else ""

    def _near_duplicates(self) -> str:
        if not self.near_duplicates:
            return ""
        across = self.near_duplicates_across_splits
        shown = count(self.near_duplicates, "near-duplicate pair")
        return f"{shown} ({across:,} across splits)" if across else shown

    def _quarantined(self) -> str:
        if not self.quarantined:
            return ""
        by_number = sorted(self.quarantined_by_reason.items(), key=lambda item: -item[1])
        shown = [f"{number:,} {reason.replace('_', ' ')}" for reason, number in by_number[:3]]
        rest = sum(number for _, number in by_number[3:])
        shown += [f"{rest:,} other"] if rest else []
        return f"{self.quarantined:,} quarantined" + (f" ({', '.join(shown)})" if shown else "")

    def metrics(self) -> Metrics:
        """Numbers of images and of classes."""
        return {
            "found": self.found,
            "accepted": self.accepted if self.found is not None else None,
            "quarantined": self.quarantined if self.found is not None else None,
            "span": self.span,
            "converted": sum(self.converted.values()) or None,
            "copies": self.copies or None,
            "near_duplicates": self.near_duplicates or None,
            "near_duplicates_across_splits": self.near_duplicates_across_splits or None,
            **{f"{name}_images": number for name, number in self.splits.items()},
            "classes": len(self.classes) or None,
        }
