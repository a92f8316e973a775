"""Which model is meant, and what is asked of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from pipeline.predict.answering import answer
from pipeline.predict.find_model import ModelChoiceError, find_model
from pipeline.predict.inputs import Listed
from pipeline.predict.saved_model import LoadedModel, ModelError
from pipeline.workspace.registry import choose_model
from tests.fakes.models.pushed_model import OldModel, exported_model, write_image
from tests.pipeline.workspace.test_models import write_run

Serve = Callable[[str], Path]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Puts a version into service, as far as finding it goes."""

    def put(version: str) -> Path:
        folder = tmp_path / "serving" / version
        shutil.copytree(exported_model(), folder)
        return folder

    return put


def test_a_saved_model_is_itself() -> None:
    assert find_model(exported_model()) == exported_model()


def test_of_versions_the_newest_is_taken(serve: Serve, tmp_path: Path) -> None:
    serve("pets/9")
    newest = serve("pets/10")
    (tmp_path / "serving/pets/.partial-11").mkdir()
    assert find_model(tmp_path / "serving/pets") == newest
    assert find_model(tmp_path) == newest


def test_of_several_models_one_must_be_named(serve: Serve, tmp_path: Path) -> None:
    pets = serve("pets/1")
    serve("cars/1")
    (tmp_path / "serving/planned").mkdir()
    assert find_model(tmp_path, "pets") == pets
    with pytest.raises(ModelChoiceError, match=r"has 2 models: cars, pets\nChoose one with --mod"):
        find_model(tmp_path)
    with pytest.raises(ModelChoiceError, match="has no model bikes; it has cars, pets, planned"):
        find_model(tmp_path, "bikes")
    with pytest.raises(ModelChoiceError, match="no version of planned was pushed from .* yet"):
        find_model(tmp_path, "planned")


def test_a_model_that_was_pushed_elsewhere_is_found(serve: Serve, tmp_path: Path) -> None:
    """`predict` asks what `models` shows and `rollback` changes."""
    workspace = tmp_path / "workspace"
    write_run(workspace, "20260101T000000Z-0000", push={"model_name": "pets"})
    with pytest.raises(ModelChoiceError, match="no version of pets was pushed from .* yet"):
        find_model(workspace)
    folder = serve("elsewhere/1").parent
    push = {"model_name": "pets", "folder": str(folder)}
    write_run(workspace, "20260102T000000Z-0000", push=push)
    assert find_model(workspace) == folder / "1"
    # What an older run left in the workspace is not in service any more.
    shutil.copytree(folder, workspace / "serving/pets")
    assert find_model(workspace, "pets") == folder / "1"
    assert choose_model(workspace, "pets").folder == str(folder)
    write_run(workspace, "20260103T000000Z-0000", push={**push, "folder": "gs://bucket/pets"})
    with pytest.raises(ModelChoiceError, match="versions of pets are in gs://bucket/pets; only lo"):
        find_model(workspace)


def test_what_is_no_model_is_told(serve: Serve, tmp_path: Path) -> None:
    with pytest.raises(ModelChoiceError, match="there is no such folder"):
        find_model(tmp_path / "no")
    with pytest.raises(ModelChoiceError, match="is a file"):
        find_model(Path(__file__))
    with pytest.raises(ModelChoiceError, match="holds no SavedModel and no versions of one"):
        find_model(tmp_path)
    (tmp_path / "serving").mkdir()
    with pytest.raises(ModelChoiceError, match=r"has no model\nGive the workspace of a run."):
        find_model(tmp_path)
    folder = serve("pets/1")
    with pytest.raises(ModelChoiceError, match="is no workspace, in which --model could choose"):
        find_model(folder, "pets")


def test_answers_are_those_of_the_signature(tmp_path: Path) -> None:
    files = [
        write_image(tmp_path / f"{seed}.png", colour, seed)
        for seed, colour in enumerate(["red", "blue", "blue", "red"])
    ]
    model = LoadedModel(exported_model(), top=5)
    [answers] = answer(model, [Listed(str(file)) for file in files])
    serving = tf.saved_model.load(str(exported_model())).signatures["serving_default"]
    expected = serving(image_bytes=tf.constant([file.read_bytes() for file in files]))
    for row, one in enumerate(answers):
        assert one.path == str(files[row]) and one.error is None
        assert one.classes[0].label == expected["label"][row].numpy().decode()
        scores = [np.float32(scored.score) for scored in one.classes]
        assert scores == sorted(expected["scores"][row].numpy(), reverse=True)
    assert [one.classes[0].label for one in answers] == ["red", "blue", "blue", "red"]


def test_a_image_that_only_the_model_cannot_decode_is_told() -> None:
    model = LoadedModel(exported_model())
    red = tf.io.encode_png(np.full((4, 4, 3), [250, 0, 0], np.uint8)).numpy()
    good, bad = model.ask([red, b"\x89PNG\r\n\x1a\nno image"])
    assert not isinstance(good, str) and good[0].label == "red"
    assert bad == "the model cannot decode it"


def test_a_model_from_before_valid_fails_one_image_only(tmp_path: Path) -> None:
    old = OldModel()
    tf.saved_model.save(old, str(tmp_path), {"serving_default": old.serving_default})
    red = tf.io.encode_png(np.full((4, 4, 3), [250, 0, 0], np.uint8)).numpy()
    first, bad, last = LoadedModel(tmp_path).ask([red, b"\x89PNG\r\n\x1a\nno image", red])
    assert not isinstance(first, str) and first == last and first[0].label == "red"
    assert isinstance(bad, str) and bad.startswith("the model cannot take it: ")


def test_a_model_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    shutil.copytree(exported_model(), tmp_path / "cut")
    (tmp_path / "cut/saved_model.pb").write_bytes(b"\xff" * 10)
    with pytest.raises(ModelError, match=r"/cut cannot be loaded: .*\n.*take another version"):
        LoadedModel(tmp_path / "cut")


def test_a_model_of_something_else_is_told(tmp_path: Path) -> None:
    other = tf.Module()
    other.add = tf.function(
        lambda number: {"sum": number + 1},
        input_signature=[tf.TensorSpec([], tf.float32, "number")],
    )
    tf.saved_model.save(other, str(tmp_path / "add"), {"serving_default": other.add})
    with pytest.raises(ModelError, match=r"it has number \(\) float32 and returns sum"):
        LoadedModel(tmp_path / "add")
    tf.saved_model.save(other, str(tmp_path / "none"), {"other": other.add})
    with pytest.raises(ModelError, match="it has none of that name"):
        LoadedModel(tmp_path / "none")
