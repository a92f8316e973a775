from pathlib import Path

import pytest

from benchmarks.compare.plot import draw_comparison
from benchmarks.compare.report import build_tables, markdown, verdict
from benchmarks.compare.results import Results, RunResult, difference
from benchmarks.compare.rounds import plan_rounds
from benchmarks.compare.systems import OURS, SCRIPT, STOCK


def _run(system: str, number: int, seconds: float, right: int) -> RunResult:
    answers = {f"cats/{index}.jpg": index < right for index in range(300)}
    kind = "keras" if system == SCRIPT else "pipeline"
    exported = {"keras_exported": dict.fromkeys(answers, False)} if system == SCRIPT else {}
    return RunResult(
        system=system,
        round=number,
        seconds=seconds,
        cpu_seconds=2 * seconds,
        peak_pss_bytes=2_000_000_000,
        largest_process_bytes=1_500_000_000,
        written_bytes=100_000_000,
        left_bytes=80_000_000,
        components={"Trainer": 0.7 * seconds, "Evaluator": 0.3 * seconds},
        right={kind: answers, **exported},
    )


def _results(ours: float, right: int) -> Results:
    runs = []
    for number in (1, 2, 3):
        runs += [_run(SCRIPT, number, 400 + number, 290), _run(OURS, number, ours, right)]
    return Results(
        command="python -m benchmarks.compare --rounds 3",
        machine={"cores": 2, "processor": "a processor"},
        images={"train": 1400, "validation": 300, "test": 300},
        runs=[*runs, _run(STOCK, 1, 800, 289)],
    )


def test_script_and_pipeline_take_turns() -> None:
    assert plan_rounds(2, 1) == [(1, SCRIPT), (1, OURS), (1, STOCK), (2, OURS), (2, SCRIPT)]
    assert STOCK not in [system for _, system in plan_rounds(3, 0)]


def test_targets_that_are_met() -> None:
    lines = verdict(_results(ours=90, right=292))
    assert "at most 0.25: passed" in lines[0]
    assert all("not lower within noise" in line for line in lines[1:4])
    assert "0.0 %" in lines[4]


def test_targets_that_are_missed() -> None:
    lines = verdict(_results(ours=120, right=250))
    assert "FAILED" in lines[0]
    assert all(line.endswith("LOWER.") for line in lines[1:4])


def test_table_has_medians_ratios_and_accuracy() -> None:
    table = build_tables(_results(ours=90, right=292))[0]
    assert list(table.columns) == [
        "", SCRIPT, OURS, STOCK, "this pipeline / script", "stock TFX / script",
    ]  # fmt: skip
    rows = {row[0]: list(row[1:]) for row in table.rows}
    assert rows["whole run"][:3] == ["6 min 42 s", "90.0 s", "13 min 20 s"]
    assert rows["whole run"][3].startswith("0.22")
    assert rows["test accuracy"][1].startswith("97.3 %")
    assert rows["rounds"][:3] == ["3", "3", "1"]
    assert {len(row) for row in table.rows} == {6}


def test_markdown_says_how_to_reproduce_it() -> None:
    text = markdown(_results(ours=90, right=292))
    assert text.startswith("`python -m benchmarks.compare --rounds 3` on 2 cores of a processor")
    assert "| whole run | 6 min 42 s | 90.0 s |" in text


def test_difference_counts_pairs() -> None:
    change, (low, high) = difference(_run(OURS, 1, 1, 295), _run(SCRIPT, 1, 1, 290))
    assert change == pytest.approx(5 / 300)
    assert low < change < high


def test_difference_refuses_other_images() -> None:
    ours = _run(OURS, 1, 1, 290)
    theirs = ours.model_copy(update={"right": {"keras": {"cats/other.jpg": True}}})
    with pytest.raises(ValueError, match="different test images"):
        difference(ours, theirs)


def test_results_come_back_from_their_file_and_can_be_drawn(tmp_path: Path) -> None:
    results = _results(ours=90, right=292)
    results.save(tmp_path)
    assert Results.model_validate_json((tmp_path / "results.json").read_text()) == results
    draw_comparison(results, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
