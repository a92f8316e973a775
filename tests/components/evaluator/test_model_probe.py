"""A model that cannot be run is detected, whatever is wrong with it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from components.evaluator.model_probe import UnusableModelError, probe_model
from tests.fakes.models.tiny_models import SIGNATURE, make_model, serialize

PROBES = [serialize("cats", 1), serialize("dogs", 2)]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "good"
    make_model(folder, 20, classes=("cats", "dögs"))
    return folder / "Format-Serving"


def test_the_class_names_are_returned(good: Path) -> None:
    assert probe_model(str(good), SIGNATURE, PROBES) == ["cats", "dögs"]


def _truncate_graph(model: Path) -> None:
    graph = model / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[: graph.stat().st_size // 2])


def _delete_variables(model: Path) -> None:
    shutil.rmtree(model / "variables")


def _truncate_variables(model: Path) -> None:
    (model / "variables" / "variables.data-00000-of-00001").write_bytes(b"")


def _corrupt_variables(model: Path) -> None:
    data = model / "variables" / "variables.data-00000-of-00001"
    data.write_bytes(bytes(byte ^ 0xFF for byte in data.read_bytes()))


@pytest.mark.parametrize(
    "damage",
    [shutil.rmtree, _truncate_graph, _delete_variables, _truncate_variables, _corrupt_variables],
)
def test_damaged_files(good: Path, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    model = Path(shutil.copytree(good, tmp_path / "model"))
    damage(model)
    with pytest.raises(UnusableModelError, match=r"its files do not load \(.+\)"):
        probe_model(str(model), SIGNATURE, PROBES)


def test_missing_signature(good: Path) -> None:
    with pytest.raises(UnusableModelError, match="it has no signature serving_v0"):
        probe_model(str(good), "serving_v0", PROBES)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("fail", r"it fails on a test image \(.+\)"),
        ("logits", "it returns logits; the gate needs scores and classes"),
    ],
)
def test_unusable_outputs(tmp_path: Path, output: str, words: str) -> None:
    make_model(tmp_path / "m", 20, output=output)
    with pytest.raises(UnusableModelError, match=words):
        probe_model(str(tmp_path / "m" / "Format-Serving"), SIGNATURE, PROBES)
