"""Paths of a configuration: what is in them, and what they are relative to."""

from pathlib import Path

import pytest

from pipeline.config.errors import ConfigError
from pipeline.config.load import load_config
from pipeline.config.paths import READ, WRITTEN
from pipeline.config.schema import PipelineConfig
from pipeline.config.suggest_key import all_keys

TEXT = "data: {{path: {path!r}}}\ngate: {{min_accuracy: 0.9}}\npush: {{model_name: pets}}\n"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of `images`, in another folder than the current one."""
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    file = tmp_path / "there" / "pets.yaml"
    file.write_text(TEXT.format(path="images"))
    return file


def test_what_is_in_the_current_folder_comes_first(config: Path) -> None:
    notes: list[str] = []
    Path("images").mkdir()
    assert load_config(config, say=notes.extend).data.path == "images"
    assert notes == []
    (config.parent / "images").mkdir()
    assert load_config(config, say=notes.extend).data.path == "images"
    assert notes == [
        f"data.path: images is taken from the current folder; there is one in {config.parent}, too."
    ]


def test_then_what_is_beside_the_file(config: Path) -> None:
    notes: list[str] = []
    (config.parent / "images").mkdir()
    (config.parent / "weights.h5").touch()
    loaded = load_config(config, ["model.weights=weights.h5"], say=notes.extend)
    assert loaded.data.path == str(config.parent / "images")
    assert loaded.model.weights == str(config.parent / "weights.h5")
    assert notes[0] == (
        f"data.path: images is taken from {config.parent}, beside the configuration."
    )
    spans = load_config(config, ["data.path=images/{SPAN}"])
    assert spans.data.path == str(config.parent / "images/{SPAN}")


def test_what_is_nowhere_says_where_was_looked(config: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config(config)
    assert f"no such folder: {Path.cwd()}/images; looked in {config.parent}, too" in str(
        raised.value
    )


def test_home_and_variables_are_replaced(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (Path("disk") / "images").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(Path("disk").absolute()))
    monkeypatch.setenv("DISK", "disk")
    for text in ("~/images", "$HOME/images", "${DISK}/images", "disk/images"):
        assert Path(load_config(config, [f"data.path={text}"]).data.path or "").samefile(
            "disk/images"
        )
    push = load_config(config, ["data.path=$DISK/images", "push.folder=~/served"]).push
    assert push.folder == str(Path("disk/served").absolute())
    with pytest.raises(ConfigError) as raised:
        load_config(config, ["data.path=$DSIK/images"])
    assert "DSIK is not set" in str(raised.value) and len(raised.value.problems) == 1


def test_a_name_that_exists_is_no_variable(config: Path) -> None:
    for name in ("$HOME", "~", "a${x}"):
        Path(name).mkdir()
        assert load_config(config, [f"data.path='{name}'"]).data.path == name


def test_a_cluster_has_other_folders(config: Path) -> None:
    loaded = load_config(config, ["data.path=$DATA/images"], check_paths=False)
    assert loaded.data.path == "$DATA/images"


def test_no_path_is_forgotten() -> None:
    ends = ("path", "file", "folder", "weights", "corrections")
    # Those of a cluster's containers are left as they are; class weights are numbers.
    others = ("kubeflow", "beam", "trainer.class_weights")
    named = {key for key in all_keys(PipelineConfig) if key.endswith(ends)}
    assert {key for key in named if not key.startswith(others)} == {*READ, *WRITTEN}
