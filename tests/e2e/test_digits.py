"""The built-in sample, as `make run` runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.runs import Run, run_pipeline
from tests.repository import REPOSITORY

# Several whole runs a test: minutes, on a busy machine many.
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1800)]

CONFIG = REPOSITORY / "configs" / "digits.yaml"

# As short a serving check as there is, where it is not what a test is about.
QUICK = "serving_check.calls=20"

# Asks the model as a stranger does: TensorFlow, and nothing of ours or of TFX.
STRANGER = """
import json, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        ours = ("pipeline", "components", "trainer", "tfx", "tensorflow_transform")
        if name.split(".")[0] in ours:
            raise ImportError(name)

sys.meta_path.insert(0, Refuse())
import tensorflow as tf

model = tf.saved_model.load(sys.argv[1])
contents = [open(path, "rb").read() for path in sys.argv[2:]]
answers = [model.signatures["serving_default"](image_bytes=tf.constant(contents)) for _ in range(2)]
assert all(bool(tf.reduce_all(answers[0][key] == answers[1][key])) for key in answers[0])
print(json.dumps({
    "labels": [label.decode() for label in answers[0]["label"].numpy()],
    "classes": [name.decode() for name in answers[0]["classes"].numpy()[0]],
    "scores": answers[0]["scores"].numpy().tolist(),
}))
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def pushed(workspace: Path) -> Run:
    return run_pipeline(CONFIG, workspace)


def test_sample_is_pushed(pushed: Run) -> None:
    assert pushed.exit_code == 0, pushed.output
    summary = pushed.summary
    assert summary["outcome"] == "pushed"
    assert set(pushed.states.values()) == {"done"}
    version = Path(summary["pushed"]["path"])
    assert [entry.name for entry in version.parent.iterdir()] == [version.name]
    assert summary["images"]["accepted"] == summary["images"]["found"] == 1797
    assert sum(summary["splits"].values()) == 1797
    assert list(summary["classes"]) == list("0123456789")
    assert summary["stages"][0]["validation_accuracy"] >= 0.93
    assert summary["test"]["accuracy"] >= 0.98


def test_head_alone_transfers_from_letters(pushed: Run, workspace: Path, tmp_path: Path) -> None:
    """Stage 1 by itself: pretrained features carry it, random ones do not."""
    assert pushed.exit_code == 0
    stages = "trainer.stages=" + json.dumps(_stages(workspace)[:1])
    accuracies = {}
    for weights in ("bundled", "none"):
        # In a workspace of its own: a head alone may be good enough to be pushed.
        run = run_pipeline(CONFIG, tmp_path, stages, f"model.weights={weights}", QUICK)
        accuracies[weights] = run.summary["test"]["accuracy"]
    assert accuracies["bundled"] >= 0.93
    assert accuracies["none"] < accuracies["bundled"] - 0.05


def _stages(workspace: Path) -> list[dict]:
    config = json.loads(next(workspace.glob("runs/*/config.json")).read_text())
    return config["trainer"]["stages"]


def test_second_run_changes_nothing(pushed: Run, workspace: Path) -> None:
    run = run_pipeline(CONFIG, workspace)
    assert (run.exit_code, run.summary["outcome"]) == (0, "unchanged"), run.output
    assert run.summary["in_service"] == pushed.summary["pushed"]


def test_a_stranger_can_ask_the_model(pushed: Run, workspace: Path) -> None:
    images = [next((workspace / "samples/digits" / label).glob("*.png")) for label in "037"]
    result = subprocess.run(
        [sys.executable, "-c", STRANGER, pushed.summary["pushed"]["path"], *map(str, images)],
        capture_output=True,
        text=True,
        cwd=workspace,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout.splitlines()[-1])
    assert answer["classes"] == list("0123456789")
    assert sum(label == truth for label, truth in zip(answer["labels"], "037", strict=True)) >= 2
    assert all(sum(scores) == pytest.approx(1) for scores in answer["scores"])
