"""What was measured of one number of images."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ComponentResult(_Part):
    """One component."""

    seconds: float
    peak_anon_bytes: int
    """Most memory, pages of files left out, of the largest process while it ran."""
    peak_rss_bytes: int
    """The same with them."""
    added_anon_bytes: int
    """By how much that peak is above what the run held before: all components share a process."""


class ProcessResult(_Part):
    """One process, by its name."""

    peak_anon_bytes: int
    peak_rss_bytes: int


class SizeResult(_Part):
    """A run over a number of images."""

    settings: str
    """Digest of what it was run with; results of other settings are not taken up again."""
    command: str
    machine: dict[str, object]
    images: int
    test_images: int
    source_bytes: int
    stored_bytes: int
    """What ingest stored."""
    left_bytes: int
    """Everything in the workspace at the end."""
    written_bytes: int
    seconds: float
    cpu_seconds: float
    peak_pss_bytes: int
    components: dict[str, ComponentResult]
    processes: dict[str, ProcessResult]

    @property
    def stored_share(self) -> float:
        """Bytes stored per byte of source."""
        return self.stored_bytes / self.source_bytes


def result_file(folder: Path, size: int) -> Path:
    """Where a size's result is kept."""
    return folder / "sizes" / f"{size}.json"


def load_results(folder: Path, settings: str | None = None) -> list[SizeResult]:
    """All results, smallest first; of these settings only, if they are given."""
    files = (folder / "sizes").glob("*.json")
    found = [SizeResult.model_validate_json(path.read_text()) for path in files]
    kept = [one for one in found if settings is None or one.settings == settings]
    return sorted(kept, key=lambda one: one.images)


def save_result(result: SizeResult, folder: Path) -> None:
    """Writes one, whole or not at all."""
    path = result_file(folder, result.images)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(result.model_dump_json(indent=1) + "\n")
    partial.replace(path)
