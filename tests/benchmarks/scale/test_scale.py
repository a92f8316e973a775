"""The command, over a handful of images: that it measures and continues, not what it measures."""

import json
from pathlib import Path

import pytest

from tests.fakes.benchmarks.tiny import TINY_TRAINING, run_benchmark, write_images

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800), pytest.mark.long(16)]

SETTINGS = (*TINY_TRAINING, "transform.image_size=32")


@pytest.mark.slow
def test_growth_is_measured_and_resumed(tmp_path: Path) -> None:
    data = write_images(tmp_path / "data", count=6)
    options = (
        *("--data", str(data), "--weights", "none", "--flat-from", "10"),
        *("--work", str(tmp_path / "work"), "--out", str(tmp_path / "out")),
    )
    first = run_benchmark("scale", *options, "--sizes", "40", settings=SETTINGS)
    assert first.returncode == 0, first.stdout
    [result] = json.loads((tmp_path / "out" / "results.json").read_text())
    assert result["images"] == 40
    assert 0 < result["stored_bytes"] < 5 * result["source_bytes"]
    assert {"pipeline", "pipeline.local.worker"} <= set(result["processes"])
    assert result["components"]["Trainer"]["peak_anon_bytes"] > 100e6
    assert (tmp_path / "out" / "growth.png").stat().st_size > 10_000
    # Only the series of images stays, for the next sizes.
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["pool"]

    before = (tmp_path / "out" / "sizes" / "40.json").read_text()
    again = run_benchmark("scale", *options, "--sizes", "40", settings=SETTINGS)
    assert again.returncode == 0, again.stdout
    assert "run the pipeline" not in again.stdout
    assert "Time per image, ms" in again.stdout
    assert (tmp_path / "out" / "sizes" / "40.json").read_text() == before


def test_too_little_disk_stops_it_before_it_starts(tmp_path: Path) -> None:
    data = write_images(tmp_path / "data", count=1)
    options = ("--data", str(data), "--weights", "none", "--work", str(tmp_path / "work"))
    result = run_benchmark(
        "scale", *options, "--sizes", "5,100000000000", "--out", str(tmp_path / "out")
    )
    assert result.returncode == 1
    assert "GB free; these sizes need" in result.stdout
    assert not (tmp_path / "work" / "pool").exists()
