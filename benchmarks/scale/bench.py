"""Measures one size after the other; a size that has a result is not measured again."""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks.scale.images import (
    check_disk,
    find_sources,
    link_images,
    make_images,
    needed_bytes,
)
from benchmarks.scale.results import SizeResult, load_results, save_result
from benchmarks.scale.run import CONFIG, Size, run_size
from benchmarks.units import bytes_text, seconds_text


@dataclass(frozen=True)
class Bench:
    """What is the same for all sizes.

    Attributes:
        data: Images that others are made of.
        overrides: Settings of the pipeline, `PATH=VALUE`.
        work: Folder for images and workspace.
        out: Folder of results.
        command: The benchmark's command line.
        machine: What it runs on, described before the benchmark itself is a load on it.
    """

    data: Path
    overrides: Sequence[str]
    work: Path
    out: Path
    command: str
    machine: dict[str, object]

    @property
    def settings(self) -> str:
        """Digest of everything that a result depends on, but for the code and the images."""
        text = "\n".join([CONFIG.read_text(), *self.overrides])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def measure(
        self, sizes: Sequence[int], console: Console, *, fresh: bool = False
    ) -> list[SizeResult]:
        """Measures what has no result yet, smallest first.

        Args:
            sizes: Numbers of images, ascending.
            console: Where progress is printed.
            fresh: Measure also what has a result.

        Returns:
            All sizes' results.

        Raises:
            UserError: There are no images, too little disk, or a run failed.
        """
        kept = [] if fresh else load_results(self.out, self.settings)
        done = {one.images for one in kept}
        missing = [size for size in sizes if size not in done]
        if missing:
            sources = find_sources(self.data)
            needed = needed_bytes(sources, missing[-1])
            check_disk(self.work, needed)
            console.print(f"at most {bytes_text(needed)} of {self.work} will be used")
            for size in missing:
                self._measure(sources, size, console)
        results = load_results(self.out, self.settings)
        return [one for one in results if one.images in sizes]

    def _measure(self, sources: Sequence[Path], count: int, console: Console) -> None:
        console.print(f"{count:,} images: make them ...", end=" ")
        images = make_images(sources, count, self.work / "pool")
        folder, workspace = self.work / "images", self.work / "workspace"
        source_bytes = link_images(images, folder)
        size = Size(
            count, folder, source_bytes, self.overrides, self.settings, self.command, self.machine
        )
        console.print("run the pipeline ...", end=" ")
        result = run_size(size, workspace, self.out / "logs" / f"{count}.log")
        console.print(seconds_text(result.seconds))
        save_result(result, self.out)
        for used in (folder, workspace):
            shutil.rmtree(used)
