"""The command, over a handful of images: that every part is measured, not how fast it is."""

import json
from pathlib import Path

import pytest

from tests.fakes.benchmarks.tiny import TINY_TRAINING, run_benchmark, write_images

pytestmark = pytest.mark.long(15)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_part_is_measured(tmp_path: Path) -> None:
    data = write_images(tmp_path / "data", count=12)
    result = run_benchmark(
        *("parts", "--data", str(data), "--weights", "none"),
        *("--work", str(tmp_path / "work"), "--out", str(tmp_path / "out")),
        settings=(*TINY_TRAINING, "transform.image_size=32"),
    )
    assert result.returncode == 0, result.stdout
    parts = json.loads((tmp_path / "out" / "results.json").read_text())["parts"]
    names = [part["part"] for part in parts]
    for word in (
        *("ImageExampleGen", "StatisticsGen", "training input", "Evaluator", "batch of 1"),
        *("batch of 32", "export", "backbone", "training step", "local run"),
        *("a node", "a cached node", "Transform"),
    ):
        assert any(word in name for name in names), f"{word} is not among {names}"
    # What a further image costs is a difference: of so few, anything.
    assert all(part["value"] > 0 for part in parts if "further" not in part["part"])
