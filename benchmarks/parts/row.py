"""One measurement and what it is held against."""

from dataclasses import dataclass
from typing import Literal

from benchmarks.tables import Table


@dataclass(frozen=True)
class Row:
    """A figure.

    Attributes:
        part: What was measured.
        value: The figure.
        unit: Its unit.
        against: What it is compared with, in words; empty where only the bound counts.
        reference: That one's figure, in the same unit; None where there is none.
        bound: What the figure, or its ratio to the reference, is held to; None where nothing is
            promised.
        side: Whether the bound is the most or the least that is accepted.
    """

    part: str
    value: float
    unit: str
    against: str = ""
    reference: float | None = None
    bound: float | None = None
    side: Literal["at most", "at least"] = "at most"

    @property
    def ratio(self) -> float | None:
        """The figure as a share of the reference; None without one, or if either is not above 0.

        What a further image costs is a difference, which noise makes negative for a few.
        """
        if self.reference is None or min(self.value, self.reference) <= 0:
            return None
        return self.value / self.reference

    @property
    def holds(self) -> bool | None:
        """Whether it is within its bound; None where there is none."""
        if self.bound is None:
            return None
        compared = self.value if self.reference is None else self.ratio
        if compared is None:
            return None
        return compared <= self.bound if self.side == "at most" else compared >= self.bound


def build_table(rows: list[Row]) -> Table:
    """All figures."""
    columns = ["part", "measured", "against", "ratio", "promised", "holds"]
    return Table("Parts", columns, [_cells(row) for row in rows])


def _cells(row: Row) -> list[str]:
    against = "-"
    if row.reference is not None:
        against = f"{_figure(row.reference, row.unit)} {row.against}"
    unit = "" if row.reference is not None else f" {row.unit}"
    promised = f"{row.side} {row.bound:g}{unit}" if row.bound is not None else "-"
    holds = {None: "-", True: "yes", False: "NO"}[row.holds]
    ratio = f"{row.ratio:.2f}" if row.ratio is not None else "-"
    return [row.part, _figure(row.value, row.unit), against, ratio, promised, holds]


def _figure(value: float, unit: str) -> str:
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}"
