"""The command `classify`: its output, errors and exit codes."""

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.config.errors import ConfigError
from pipeline.predict import classify as command
from pipeline.predict.classify import check_network, classify_images
from tests.repository import REPOSITORY
from trainer.classify import ClassNamesError
from trainer.network.backbones import build_backbone

NETWORK = ["--backbone", "MobileNet", "--alpha", "0.25", "--image-size", "32"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of a small MobileNet with its top."""
    file = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    build_backbone("MobileNet", 32, 0.25, include_top=True).save_weights(file)
    return file


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    """Two images, and between them a file that is not an image."""
    files = [tmp_path / name for name in ("black.png", "words.jpg", "white.png")]
    for file, grey in ((files[0], 0), (files[2], 255)):
        Image.fromarray(np.full((32, 32, 3), grey, np.uint8)).save(file)
    files[1].write_text("no image")
    return files


def run_command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline", "classify", *arguments],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1", **environment},
        timeout=300,
        check=False,
    )


def test_without_class_names_indices_are_shown(
    weights: Path, images: list[Path], tmp_path: Path
) -> None:
    unreachable = "http://127.0.0.1:9"
    result = run_command(
        *NETWORK,
        *("--weights", str(weights), "--top", "2"),
        *map(str, images),
        KERAS_HOME=str(tmp_path / "keras"),
        https_proxy=unreachable,
        HTTPS_PROXY=unreachable,
    )
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert [lines[0], lines[3]] == [str(images[0]), str(images[2])]
    assert len(lines) == 6
    for line in (*lines[1:3], *lines[4:]):
        # Random weights: each of 1,000 classes has a probability of about 0.001.
        assert line.startswith("   0.1 %  class ")
    # No output of TensorFlow, Keras or libjpeg.
    assert result.stderr == (
        "The names of the ImageNet classes are not in Keras' cache and could not be downloaded; "
        "classes are shown by their index. "
        "Put imagenet_class_index.json into ~/.keras/models (or $KERAS_HOME/models).\n"
        f"{images[1]}: not an image: starts with b'no image'; use JPEG, PNG, GIF or BMP\n"
        "1 of 3 files could not be classified.\n"
    )


def test_json_has_a_line_for_each_file(
    weights: Path,
    images: list[Path],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        command, "load_class_names", lambda: tuple(f"name-{i}" for i in range(1000))
    )
    settings = check_network("MobileNet", str(weights), 0.25)
    assert classify_images(settings, 32, images, 3, as_json=True) == 1
    first, bad, last = map(json.loads, capfd.readouterr().out.splitlines())
    assert [first["path"], bad["path"], last["path"]] == [str(file) for file in images]
    assert bad["error"].startswith("not an image: ")
    assert len(first["classes"]) == len(last["classes"]) == 3
    likeliest = first["classes"][0]
    assert likeliest["name"] == f"name-{likeliest['index']}"
    assert likeliest["probability"] == pytest.approx(0.001, rel=0.1)


def test_names_are_shown_or_null_in_json(
    weights: Path,
    images: list[Path],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = check_network("MobileNet", str(weights), 0.25)
    monkeypatch.setattr(command, "load_class_names", lambda: ("tabby",) * 1000)
    assert classify_images(settings, 32, images[:1], 1, as_json=False) == 0
    shown = capfd.readouterr()
    assert shown.out.splitlines()[1].startswith("   0.1 %  tabby (")
    assert shown.err == ""

    def refuse() -> None:
        raise ClassNamesError("No names", hint="Get them.")

    monkeypatch.setattr(command, "load_class_names", refuse)
    assert classify_images(settings, 32, images[:1], 1, as_json=True) == 0
    shown = capfd.readouterr()
    assert json.loads(shown.out)["classes"][0]["name"] is None
    assert shown.err == "No names; classes are shown by their index. Get them.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.jpg", "--backbone", "MobilNet"], '--backbone: received "MobilNet"'),
        (["a.jpg", "--backbone", "mobilenet"], "Did you mean MobileNet?"),
        (["a.jpg", "--weights", "nowhere.h5"], '--weights: received "nowhere.h5"'),
        (["a.jpg", "--weights", "none"], "allowed: imagenet, or a weights file"),
        (["a.jpg", "--backbone", "VGG16", "--alpha", "0.5"], "VGG16 has no width multiplier"),
        (["a.jpg", "--top", "0"], "0 is not in the range 1<=x<=1000"),
        ([], "Missing argument 'IMAGE...'"),
    ],
)
def test_wrong_usage_exits_2_at_once(arguments: list[str], message: str) -> None:
    result = run_command(*arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_weights_that_do_not_fit_exit_1_on_a_terminal(weights: Path, images: list[Path]) -> None:
    arguments = ["--backbone", "MobileNet", "--alpha", "0.5", "--weights", str(weights)]
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "classify", *arguments, str(images[0])],
        stdout=subprocess.PIPE,
        stderr=theirs,
        cwd=REPOSITORY,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TERM": "xterm", "COLUMNS": "400"},
    )
    os.close(theirs)
    shown = read_terminal(ours)
    assert process.communicate()[0] == b""
    assert process.returncode == 1
    # Warnings of libraries are not shown, and the spinner is erased.
    words = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\r", "", shown).splitlines()
    assert all(re.fullmatch(r"(. Loading MobileNet)*", line) for line in words[:-2]), shown
    assert words[-2].startswith(
        f"Error: --weights: {weights} does not fit MobileNet with alpha 0.5 with its top"
    )
    assert words[-1] == "Give the weights file of exactly this backbone, with its top."


def read_terminal(descriptor: int) -> str:
    """Reads from a terminal until its other end is closed."""
    shown = b""
    # Linux reports the closed end as an error.
    with contextlib.suppress(OSError):
        while part := os.read(descriptor, 4096):
            shown += part
    os.close(descriptor)
    return shown.decode()


def test_a_size_that_does_not_fit_is_wrong_usage(images: list[Path]) -> None:
    result = run_command("--backbone", "VGG16", "--image-size", "100", str(images[0]))
    assert result.returncode == 2
    assert "--image-size: VGG16 with its top takes images of 224 pixels only" in result.stderr


def test_bundled_weights_have_no_top() -> None:
    with pytest.raises(ConfigError, match="--weights"):
        check_network("MobileNetV2", "bundled", 0.35)


def test_the_command_line_imports_nothing_heavy() -> None:
    code = (
        "import sys, pipeline.cli.main;"
        "print([m for m in ('pydantic', 'rich', 'numpy', 'tensorflow') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    assert result.stdout == "[]\n", result.stderr
