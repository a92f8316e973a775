from pathlib import Path

import numpy as np

from components.report.inputs.run_facts import RunFacts
from components.report.inputs.sources import Sources
from components.report.sections.confusion import MOST_CLASSES, most_confused, read_confusion
from tests.components.report.conftest import write_json


def sources(folder: Path, classes: list[str], counts: np.ndarray) -> Sources:
    matrix = {"classes": classes, "counts": counts.tolist()}
    write_json(folder / "decision.json", {"confusion_matrix": matrix})
    return Sources(RunFacts(pipeline="pets", run_id="r"), folders={"evaluation": str(folder)})


def test_few_classes_are_all_shown(tmp_path: Path) -> None:
    confusion = read_confusion(sources(tmp_path, ["a", "b"], np.array([[3, 1], [0, 0]])))
    assert confusion is not None
    assert confusion.classes == ["a", "b"]
    assert confusion.counts == [[3, 1], [0, 0]]
    # A class without test images has shares of 0, and causes no division by zero.
    assert confusion.shares == [[0.75, 0.25], [0, 0]]
    assert confusion.pairs == [("a", "b", 1)]


def test_of_many_classes_the_most_confused_are_shown(tmp_path: Path) -> None:
    counts = 100 * np.eye(1000, dtype=int)
    for index in range(30):
        counts[index * 30, index * 30 + 1] = 30 - index
    confusion = read_confusion(sources(tmp_path, [f"class {n}" for n in range(1000)], counts))
    assert confusion is not None
    assert len(confusion.classes) == MOST_CLASSES
    assert confusion.number_of_classes == 1000
    # Ten pairs of classes, in ascending order.
    expected = [f"class {30 * index + side}" for index in range(10) for side in (0, 1)]
    assert confusion.classes == expected
    assert confusion.pairs[0] == ("class 0", "class 1", 30)


def test_a_class_that_is_predicted_for_many_others_is_confused() -> None:
    counts = np.eye(50, dtype=int)
    counts[:40, 49] = 1
    assert 49 in most_confused(counts)


def test_no_matrix(tmp_path: Path) -> None:
    write_json(tmp_path / "decision.json", {"test_accuracy": 0.9})
    folders = {"evaluation": str(tmp_path)}
    assert read_confusion(Sources(RunFacts(pipeline="p", run_id="r"), folders=folders)) is None
