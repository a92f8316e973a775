from pathlib import Path
from typing import Any

from components.report.inputs.run_facts import RunFacts
from components.report.inputs.sources import Sources
from components.report.sections.metrics import MOST_ROWS, Metrics, read_metrics
from tests.components.report.conftest import build_decision, write_json


def metrics(folder: Path, decision: dict[str, Any], gate: Any = None) -> Metrics:
    write_json(folder / "decision.json", decision)
    run = RunFacts(pipeline="pets", run_id="r")
    sources = Sources(run, {"gate": gate or {}}, folders={"evaluation": str(folder)})
    read = read_metrics(sources)
    assert read is not None
    return read


def table(read: Metrics) -> dict[str, tuple[str, str, str]]:
    return {row.name: (row.value, row.interval, row.bound) for row in read.measures}


def test_the_table_shows_values_intervals_and_bounds(tmp_path: Path) -> None:
    assert table(metrics(tmp_path, build_decision(["a", "b"]))) == {
        "accuracy": ("0.750", "0.600 to 0.860", "at least 0.700"),
        "accuracy of the baseline": ("0.745", "", ""),
        "change against the baseline": ("+0.005", "-0.020 to +0.030", "no loss above 0.010 shown"),
        "loss that this test split finds in 8 of 10 nights": ("0.031", "", ""),
        "lowest recall of a class": ("0.750", "", "at least 0.500"),
        "calibration error": ("0.031", "", ""),
    }


def test_a_baseline_with_different_classes(tmp_path: Path) -> None:
    decision = {**build_decision(["a", "b"]), "compared_examples": 4}
    name = "change against the baseline, on the 4 images that both can be compared on"
    assert name in table(metrics(tmp_path, decision))


def test_missing_bounds_are_taken_from_the_configuration(tmp_path: Path) -> None:
    decision = {"test_accuracy": 0.9, "baseline_accuracy": 0.8}
    read = metrics(tmp_path, decision, {"min_accuracy": 0.5, "max_drop": 0.02})
    assert table(read) == {
        "accuracy": ("0.900", "–", "at least 0.500"),
        "accuracy of the baseline": ("0.800", "", ""),
        "change against the baseline": ("+0.100", "–", "no loss above 0.020 shown"),
    }
    assert read.change is not None and read.classes == [] and read.slices == []


def test_classes_have_the_intervals_of_their_slices(tmp_path: Path) -> None:
    read = metrics(tmp_path, build_decision(["a", "b"]))
    assert [(row.name, row.interval) for row in read.classes] == [
        ("a", [0.3, 0.95]),
        ("b", [0.3, 0.95]),
    ]
    assert [row.feature for row in read.slices] == ["format"]


def test_the_lowest_of_many_are_shown_and_the_unmeasured_last(tmp_path: Path) -> None:
    classes: dict[str, Any] = {
        f"c{n}": {"recall": 1 - n / 100, "precision": 1, "examples": 9} for n in range(50)
    }
    classes["empty"] = {"recall": None, "precision": None, "examples": 0}
    slices = [{"feature": "size", "value": n, "accuracy": 1 - n / 100} for n in range(50)]
    read = metrics(tmp_path, {"test_accuracy": 0.9, "classes": classes, "slices": slices})
    assert (read.number_of_classes, read.number_of_slices) == (51, 50)
    assert [row.name for row in read.classes] == [f"c{49 - n}" for n in range(MOST_ROWS)]
    assert [row.value for row in read.slices] == [f"{49 - n}" for n in range(MOST_ROWS)]
    few = metrics(tmp_path, {"classes": {"empty": classes["empty"], "c1": classes["c1"]}})
    assert [row.name for row in few.classes] == ["c1", "empty"]
