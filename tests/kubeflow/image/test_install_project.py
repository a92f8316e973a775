"""The image's build steps and its entry point."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.image.container import (
    ROOT,
    USER,
    Container,
    base_of,
    skip_unless_possible,
    this_environment,
)
from tests.repository import REPOSITORY

pytestmark = pytest.mark.long(12)

CONFIG = {
    "data": {"source": "digits"},
    "transform": {"image_size": 32},
    "model": {"backbone": "MobileNetV2", "alpha": 0.35, "weights": "bundled"},
    "gate": {"min_accuracy": 0.9},
    "push": {"model_name": "digits"},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, installed by the step of stage `project`."""
    folder = tmp_path_factory.mktemp("project")
    build, target = folder / "build", folder / "project"
    for name in ("components", "pipeline", "trainer"):
        shutil.copytree(REPOSITORY / name, build / name)
    for name in ("setup.py", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, build)
    step = [REPOSITORY / "kubeflow/image/install-project", target, this_environment()]
    subprocess.run(step, cwd=build, check=True)
    return target


@pytest.fixture
def container(project: Path, tmp_path: Path) -> Container:
    skip_unless_possible()
    keras, pipeline, scratch = (tmp_path / name for name in ("keras", "pipeline", "scratch"))
    for folder in (keras, pipeline, scratch):
        folder.mkdir()
    return Container(this_environment(), project, keras, pipeline, scratch)


def test_the_whole_project_is_installed(project: Path) -> None:
    for package in ("components", "pipeline", "trainer"):
        sources = {file.relative_to(REPOSITORY) for file in (REPOSITORY / package).rglob("*.py")}
        assert sources == {file.relative_to(project) for file in (project / package).rglob("*.py")}
    assert list((project / "trainer/bundled").glob("*.h5"))
    assert list((project / "components/report/templates").iterdir())


def test_the_container_is_isolated(container: Container) -> None:
    """Otherwise the tests below would prove nothing."""
    code = f"""
import os, pathlib, pwd, trainer
assert os.getuid() == {USER} and os.environ["KERAS_HOME"] == "/opt/keras"
assert trainer.__file__.startswith("/opt/project"), trainer.__file__
for place in "/app", "/opt/project", "/usr", "/":
    assert not os.access(place, os.W_OK), place
for place in "/tmp", "{ROOT}":
    pathlib.Path(place, "here").write_text("writable")
assert not pathlib.Path("{REPOSITORY}").exists()
try:
    pwd.getpwuid(os.getuid())
except KeyError:
    print("isolated")
"""
    result = container.python(code)
    assert result.stdout == "isolated\n"


@pytest.mark.slow
def test_a_node_runs_as_any_user_on_a_read_only_file_system(container: Container) -> None:
    node = ["python", "-m", "pipeline", "node", "--node", "ImageExampleGen", "--run-id", "run-1"]
    places = ["--root", ROOT, "--metadata", f"sqlite://{ROOT}/metadata.sqlite"]
    result = container.run(*node, *places, "--config-json", json.dumps(CONFIG))
    assert result.returncode == 0, result.stdout
    [account] = container.pipeline.glob("artifacts/digits/ImageExampleGen/examples/*/ingest.json")
    assert json.loads(account.read_text())["accepted"] == 1797


def fetch_weights(config: Path, keras_home: Path) -> subprocess.CompletedProcess[str]:
    """The step of stage `weights`."""
    return subprocess.run(
        [sys.executable, "kubeflow/image/fetch_weights.py", str(config)],
        cwd=REPOSITORY,
        env={**os.environ, "KERAS_HOME": str(keras_home), "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_weights_in_the_image_are_found_without_a_network(
    container: Container, tmp_path: Path
) -> None:
    import keras

    # The file that Keras would download, with random weights.
    network = keras.applications.MobileNetV2((96, 96, 3), 0.35, False, weights=None)
    file = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_96_no_top.h5"
    (container.keras / "models").mkdir()
    network.save(container.keras / "models" / file)
    config = tmp_path / "config.yaml"
    model = {**CONFIG, "model": {"alpha": 0.35}, "transform": {"image_size": 96}}
    config.write_text(json.dumps(model))
    result = fetch_weights(config, container.keras)
    assert result.returncode == 0, result.stderr

    code = """
from trainer.network.backbones import build_backbone
from trainer.network.settings import ModelSettings
from trainer.network.weights import load_weights
settings = ModelSettings(alpha=0.35)
backbone = build_backbone(settings.backbone, 96, settings.alpha)
load_weights(backbone, settings, 96)
print("sum", float(abs(backbone.get_weights()[0]).sum()))
"""
    result = container.python(code)
    expected = float(abs(network.get_weights()[0]).sum())
    assert f"sum {expected}" in result.stdout, result.stdout


def test_an_invalid_configuration_is_reported(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(json.dumps({**CONFIG, "model": {"backbone": "MobileNetV9"}}))
    result = fetch_weights(config, tmp_path)
    assert result.returncode == 1
    assert "MobileNetV9" in result.stderr and "Traceback" not in result.stderr


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_lock_installs_into_an_empty_prefix_and_runs_the_pipeline(
    container: Container, tmp_path: Path
) -> None:
    """The steps of the stages `packages` and `cpu`, starting from the package registry."""
    build, venv = tmp_path / "build", tmp_path / "venv"
    for name in ("requirements.lock", "setup.py", "kubeflow/image"):
        (build / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy
        copy(REPOSITORY / name, build / name)
    environment = {**os.environ, "PYTHON": str(base_of(this_environment()) / "bin/python3.10")}
    step = [build / "kubeflow/image/install-packages", venv]
    subprocess.run(step, cwd=build, env=environment, check=True)
    packages = {path.name for path in (venv / "lib/python3.10/site-packages").iterdir()}
    assert "tfx" in packages and "pytest" not in packages

    image = replace(container, venv=venv)
    (image.pipeline / "config.yaml").write_text(json.dumps(CONFIG))
    settings = ["trainer.stages.0.epochs=5", "trainer.stages.1.epochs=1", "gate.min_accuracy=0.5"]
    options = [word for setting in settings for word in ("--set", setting)]
    run = ["python", "-m", "pipeline", "run", f"{ROOT}/config.yaml", "--workspace", f"{ROOT}/here"]
    result = image.run(*run, *options, timeout=1800)
    assert result.returncode == 0, result.stdout
    assert list(image.pipeline.glob("here/serving/digits/*/saved_model.pb"))
