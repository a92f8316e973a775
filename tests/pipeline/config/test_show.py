from pathlib import Path

import pytest

from pipeline.config.load import load_config
from pipeline.config.show import config_text
from tests.repository import REPOSITORY

CONFIGS = sorted((REPOSITORY / "configs").glob("*.yaml"))

AWKWARD = """\
data:
  path: "1e5"
  splits: {train: "0.7", validation: {from: train, fraction: 1e-3}, test: "tést: #1"}
trainer: {stages: [{name: a, early_stopping: {patience: 3}}]}
gate: {min_accuracy: 0.9}
push: {model_name: x}
beam: {pipeline_args: ["--a=b: c", "yes", ""]}
"""


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_config_survives_the_round_trip(path: Path, tmp_path: Path) -> None:
    config = load_config(path, check_paths=False)
    again = tmp_path / "again.yaml"
    again.write_text(config_text(config))
    assert load_config(again, check_paths=False) == config


def test_awkward_values_survive_the_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(AWKWARD)
    config = load_config(path, check_paths=False)
    assert config.data.path == "1e5"
    path.write_text(config_text(config))
    assert load_config(path, check_paths=False) == config


def test_shows_defaults_and_descriptions() -> None:
    text = config_text(load_config(CONFIGS[0], check_paths=False))
    assert "max_drop: 0.01" in text
    assert "# Accepted loss of test accuracy against the baseline" in text
    assert "path: null" in text
