"""The table of images whose label is probably wrong: a CSV file that a person reads and completes.

The Trainer writes it, the page shows it, and ingest reads it back as `data.corrections`.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from components.printable import encodable

ACTION = "action"
"""The column that a person fills in: `relabel`, `drop`, or nothing."""

# What spreadsheets take for a formula: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"[=+\-@\t\r\n]")
_ESCAPED = re.compile(r"'(?=[=+\-@\t\r\n])")


@dataclass(frozen=True)
class SuspectLabel:
    """A row of the table.

    Attributes:
        path: The image's name, as in `image/filename`.
        sha256: Hex digest of its bytes.
        split: The split that it is in.
        label: Its class.
        suggested_label: The class that it probably has.
        score: Probability of its own class, 0 to 1, of a classifier that did not see the image.
    """

    path: str
    sha256: str
    split: str
    label: str
    suggested_label: str
    score: float


COLUMNS = (*SuspectLabel.__dataclass_fields__, ACTION)


def format_suspects(suspects: Iterable[SuspectLabel]) -> str:
    """The table as CSV (RFC 4180) with a header; no cell of it is a formula."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    for suspect in suspects:
        texts = {name: _escape(str(value)) for name, value in asdict(suspect).items()}
        writer.writerow({**texts, "score": f"{suspect.score:.4f}", ACTION: ""})
    return file.getvalue()


def read_rows(text: str) -> Iterable[Mapping[str, str]]:
    """The rows of such a table, of any columns, by column; a missing cell is empty.

    Raises:
        csv.Error: It is not CSV.
    """
    # Spreadsheets write a byte order mark, or semicolons.
    text = text.removeprefix("\ufeff")
    header = text.partition("\n")[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restval="")
    for row in rows:
        yield {name: _ESCAPED.sub("", cell, count=1) for name, cell in row.items() if name}


def parse_suspects(text: str) -> list[SuspectLabel]:
    """Reads what `format_suspects` wrote."""
    return [
        SuspectLabel(
            path=row["path"],
            sha256=row["sha256"],
            split=row["split"],
            label=row["label"],
            suggested_label=row["suggested_label"],
            score=float(row["score"]),
        )
        for row in read_rows(text)
    ]


def _escape(text: str) -> str:
    return encodable(f"'{text}" if _FORMULA.match(text) else text)
