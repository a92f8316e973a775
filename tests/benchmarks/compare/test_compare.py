"""The command, over a handful of images: that it measures, not how fast anything is."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.compare.systems import OURS, SCRIPT, STOCK
from tests.fakes.benchmarks.tiny import run_benchmark, write_images

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800), pytest.mark.long(14)]

OPTIONS = (
    *("--weights", "none", "--image-size", "32"),
    *("--head-epochs", "1", "--fine-tune-epochs", "1"),
)


def _run(tmp_path: Path, *options: str) -> dict[str, Any]:
    data = write_images(tmp_path / "data", count=6)
    result = run_benchmark(
        "compare", "--data", str(data), "--work", str(tmp_path / "work"),
        "--out", str(tmp_path / "out"), *OPTIONS, *options,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["images"] == {"train": 12, "validation": 6, "test": 6}
    for run in results["runs"]:
        in_parts = sum(run["components"].values())
        # Ours are the whole run; the others' begin when their own code does.
        assert run["seconds"] / 2 < in_parts < run["seconds"] + 0.01
        assert run["peak_pss_bytes"] > 100e6
        assert run["left_bytes"] > 0
        assert all(len(answers) == 6 for answers in run["right"].values())
    assert (tmp_path / "out" / "logs" / "warm-up.log").is_file()
    markdown = (tmp_path / "out" / "results.md").read_text()
    assert "| whole run |" in markdown
    assert markdown in result.stdout
    assert (tmp_path / "out" / "comparison.png").stat().st_size > 10_000
    # What the systems made is gone; the images stay for the next time.
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["images"]
    return {run["system"]: run for run in results["runs"]}


@pytest.mark.slow
def test_script_against_pipeline(tmp_path: Path) -> None:
    runs = _run(tmp_path, "--rounds", "1", "--stock-rounds", "0")
    assert list(runs) == [SCRIPT, OURS]
    assert set(runs[SCRIPT]["right"]) == {"keras", "keras_exported"}
    assert list(runs[SCRIPT]["right"]["keras"]) == list(runs[OURS]["right"]["pipeline"])


@pytest.mark.slow
def test_with_stock_tfx(tmp_path: Path) -> None:
    runs = _run(tmp_path, "--rounds", "1", "--stock-rounds", "1")
    assert list(runs) == [SCRIPT, OURS, STOCK]
    components = set(runs[STOCK]["components"])
    assert {"ImportExampleGen", "Transform", "Trainer", "Evaluator", "Pusher"} <= components


def test_mistakes_are_reported_before_anything_runs(tmp_path: Path) -> None:
    data = write_images(tmp_path / "data", count=1)
    options = ("--data", str(data), "--work", str(tmp_path / "work"))
    result = run_benchmark("compare", *options, "--weights", "nowhere.h5")
    assert result.returncode == 1
    assert "--weights: no such file: nowhere.h5" in result.stdout
    result = run_benchmark("compare", *options, "--data", str(tmp_path), "--weights", "none")
    assert "has no folder train/" in result.stdout
    (data / "train" / "green").mkdir()
    (data / "train" / "green" / "1.jpg").write_bytes(b"x")
    result = run_benchmark("compare", *options, "--weights", "none")
    assert "is for two classes" in result.stdout
