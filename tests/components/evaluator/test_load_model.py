"""A baseline that cannot be run is found out, whatever is wrong with it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from components.evaluator.load_model import UnusableModel, load_classes
from tests.fakes.models.tiny_models import SIGNATURE, make_model, serialize

PROBES = [serialize("cats", 1), serialize("dogs", 2)]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "good"
    make_model(folder, 20, classes=("cats", "dögs"))
    return folder / "Format-Serving"


def test_names_of_the_classes(good: Path) -> None:
    assert load_classes(str(good), SIGNATURE, PROBES) == ["cats", "dögs"]


def _cut_graph(model: Path) -> None:
    graph = model / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[: graph.stat().st_size // 2])


def _lose_variables(model: Path) -> None:
    shutil.rmtree(model / "variables")


def _cut_variables(model: Path) -> None:
    (model / "variables" / "variables.data-00000-of-00001").write_bytes(b"")


def _flip_variables(model: Path) -> None:
    data = model / "variables" / "variables.data-00000-of-00001"
    data.write_bytes(bytes(byte ^ 0xFF for byte in data.read_bytes()))


@pytest.mark.parametrize(
    "damage", [shutil.rmtree, _cut_graph, _lose_variables, _cut_variables, _flip_variables]
)
def test_damaged_files(good: Path, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    model = Path(shutil.copytree(good, tmp_path / "model"))
    damage(model)
    with pytest.raises(UnusableModel, match=r"its files do not load \(.+\)"):
        load_classes(str(model), SIGNATURE, PROBES)


def test_signature_of_another_time(good: Path) -> None:
    with pytest.raises(UnusableModel, match="it has no signature serving_v0"):
        load_classes(str(good), "serving_v0", PROBES)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("fail", r"it fails on a test image \(.+\)"),
        ("logits", "it returns logits; the gate needs scores and classes"),
    ],
)
def test_answers_that_are_none(tmp_path: Path, answer: str, words: str) -> None:
    make_model(tmp_path / "m", 20, answer=answer)
    with pytest.raises(UnusableModel, match=words):
        load_classes(str(tmp_path / "m" / "Format-Serving"), SIGNATURE, PROBES)
