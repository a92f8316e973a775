"""When TFX's components ran, from its metadata (SQLite)."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Execution:
    """A component's execution.

    Attributes:
        component: Its type's name without the module.
        started: When its launcher registered it, in seconds since the epoch.
        finished: When it was last written: its end.
    """

    component: str
    started: float
    finished: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.finished - self.started


def read_executions(database: Path) -> list[Execution]:
    """All executions, in their order."""
    query = """
        SELECT Type.name, create_time_since_epoch / 1000.0, last_update_time_since_epoch / 1000.0
        FROM Execution JOIN Type ON Type.id = Execution.type_id ORDER BY Execution.id
    """
    with sqlite3.connect(database) as connection:
        rows = connection.execute(query).fetchall()
    return [Execution(name.rpartition(".")[2], start, end) for name, start, end in rows]
