"""The built-in sample, as `make run` runs it.

That pretrained features, unlike random ones, carry a head alone is tested in
tests/trainer/bundled/test_bundled.py; here, the first stage's accuracy shows it.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.runs import Run, run_pipeline
from tests.repository import REPOSITORY

# Several whole runs a test: minutes, on a busy machine many.
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.long(7)]

CONFIG = REPOSITORY / "configs" / "digits.yaml"

# Calls the model with TensorFlow alone, without our packages or TFX.
PLAIN_CLIENT = """
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
results = [model.signatures["serving_default"](image_bytes=tf.constant(contents)) for _ in range(2)]
assert all(bool(tf.reduce_all(results[0][key] == results[1][key])) for key in results[0])
print(json.dumps({
    "labels": [label.decode() for label in results[0]["label"].numpy()],
    "classes": [name.decode() for name in results[0]["classes"].numpy()[0]],
    "scores": results[0]["scores"].numpy().tolist(),
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
    # 0.098 without the temperature: label smoothing makes scores too low.
    assert summary["test"]["calibration_error"] <= 0.04


def test_second_run_changes_nothing(pushed: Run, workspace: Path) -> None:
    run = run_pipeline(CONFIG, workspace)
    assert (run.exit_code, run.summary["outcome"]) == (0, "unchanged"), run.output
    assert run.summary["in_service"] == pushed.summary["pushed"]


def test_the_model_runs_without_our_packages(pushed: Run, workspace: Path) -> None:
    images = [next((workspace / "samples/digits" / label).glob("*.png")) for label in "037"]
    result = subprocess.run(
        [sys.executable, "-c", PLAIN_CLIENT, pushed.summary["pushed"]["path"], *map(str, images)],
        capture_output=True,
        text=True,
        cwd=workspace,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    prediction = json.loads(result.stdout.splitlines()[-1])
    assert prediction["classes"] == list("0123456789")
    assert (
        sum(label == truth for label, truth in zip(prediction["labels"], "037", strict=True)) >= 2
    )
    assert all(sum(scores) == pytest.approx(1) for scores in prediction["scores"])
