from pathlib import Path
from typing import Any

from components.report.inputs.run_facts import RunFacts
from components.report.inputs.sources import Sources
from components.report.sections.mistakes import MOST_IMAGES, choose, read_mistakes
from tests.components.report.conftest import MakeSources, encode_image, write_examples, write_json


def line(name: str, is_correct: bool, score: float) -> dict[str, Any]:
    predicted = "a" if is_correct else "b"
    return {"name": name, "label": "a", "predicted": predicted, "score": score}


def test_the_most_confident_mistakes_and_least_confident_correct_images() -> None:
    wrong = [line(f"wrong {number}", False, number / 100) for number in range(100)]
    right = [line(f"right {number}", True, number / 100) for number in range(100)]
    chosen = choose([*wrong, *right])
    assert [shown.name for shown in chosen.mistakes] == [
        f"wrong {99 - number}" for number in range(MOST_IMAGES)
    ]
    assert [shown.name for shown in chosen.correct] == [
        f"right {number}" for number in range(MOST_IMAGES)
    ]
    assert (chosen.number_of_mistakes, chosen.number_of_correct) == (100, 100)


def test_of_equal_scores_the_first_is_chosen() -> None:
    chosen = choose([line(f"{number:03}", False, 1.0) for number in range(50)])
    assert [shown.name for shown in chosen.mistakes] == [
        f"{number:03}" for number in range(MOST_IMAGES)
    ]


def test_scores_that_are_not_finite_are_mistakes_and_come_first() -> None:
    broken = {**line("broken", True, 0), "score": None, "label_score": None}
    chosen = choose([line("wrong", False, 1.0), broken, line("right", True, 0.5)])
    assert [shown.name for shown in chosen.mistakes] == ["broken", "wrong"]
    assert [shown.name for shown in chosen.correct] == ["right"]


def test_each_has_its_image(make_sources: MakeSources) -> None:
    mistakes = read_mistakes(make_sources())
    assert mistakes is not None
    assert [shown.name for shown in mistakes.mistakes] == ["dogs/3.png", "cats/3.png"]
    assert all(shown.image for shown in [*mistakes.mistakes, *mistakes.correct])
    assert mistakes.mistakes[0].alt == "Test image dogs/3.png: dogs, predicted as cats"
    assert mistakes.correct[0].alt == "Test image cats/0.png: cats"


def test_without_predictions_the_worst_of_the_decision_are_shown(tmp_path: Path) -> None:
    write_examples(tmp_path / "examples", {"1.png": ("a", encode_image(1))})
    worst = [
        {**line("1.png", False, 0.9), "label_score": 0.1},
        line("2.png", False, 0.8),
        line("3.png", True, 1),
    ]
    write_json(tmp_path / "evaluation" / "decision.json", {"worst": worst})
    folders = {key: str(tmp_path / key) for key in ("examples", "evaluation")}
    mistakes = read_mistakes(Sources(RunFacts(pipeline="p", run_id="r"), folders=folders))
    assert mistakes is not None
    assert [shown.name for shown in mistakes.mistakes] == ["1.png", "2.png"]
    assert [shown.image is None for shown in mistakes.mistakes] == [False, True]
    assert mistakes.correct == [] and mistakes.number_of_mistakes is None


def test_without_predictions_there_is_no_section() -> None:
    assert read_mistakes(Sources(RunFacts(pipeline="p", run_id="r"))) is None
