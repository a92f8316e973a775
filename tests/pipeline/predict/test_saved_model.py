"""Finding the model and predicting with it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from pipeline.predict.find_model import ModelChoiceError, find_model
from pipeline.predict.inputs import Listed
from pipeline.predict.saved_model import LoadedModel, ModelError, predict_files
from pipeline.workspace.registry import choose_model
from tests.fakes.models.pushed_model import OldModel, exported_model, write_image
from tests.pipeline.workspace.test_models import write_run

Serve = Callable[[str], Path]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Adds a version to a folder of versions."""

    def put(version: str) -> Path:
        folder = tmp_path / "serving" / version
        shutil.copytree(exported_model(), folder)
        return folder

    return put


def test_the_folder_of_a_saved_model() -> None:
    assert find_model(exported_model()) == exported_model()


def test_the_newest_version_is_used(serve: Serve, tmp_path: Path) -> None:
    serve("pets/9")
    newest = serve("pets/10")
    (tmp_path / "serving/pets/.partial-11").mkdir()
    assert find_model(tmp_path / "serving/pets") == newest
    assert find_model(tmp_path) == newest


def test_one_of_several_models_must_be_named(serve: Serve, tmp_path: Path) -> None:
    pets = serve("pets/1")
    serve("cars/1")
    (tmp_path / "serving/planned").mkdir()
    assert find_model(tmp_path, "pets") == pets
    with pytest.raises(ModelChoiceError, match=r"has 2 models: cars, pets\nChoose one with --mod"):
        find_model(tmp_path)
    with pytest.raises(ModelChoiceError, match="has no model bikes; it has cars, pets, planned"):
        find_model(tmp_path, "bikes")
    with pytest.raises(ModelChoiceError, match="no version of planned has been pushed from .* yet"):
        find_model(tmp_path, "planned")


def test_a_model_that_was_pushed_elsewhere_is_found(serve: Serve, tmp_path: Path) -> None:
    """`predict` uses the version that `models` shows and `rollback` changes."""
    workspace = tmp_path / "workspace"
    write_run(workspace, "20260101T000000Z-0000", push={"model_name": "pets"})
    with pytest.raises(ModelChoiceError, match="no version of pets has been pushed from .* yet"):
        find_model(workspace)
    folder = serve("elsewhere/1").parent
    push = {"model_name": "pets", "folder": str(folder)}
    write_run(workspace, "20260102T000000Z-0000", push=push)
    assert find_model(workspace) == folder / "1"
    # Versions of an older run in the workspace are not in service any more.
    shutil.copytree(folder, workspace / "serving/pets")
    assert find_model(workspace, "pets") == folder / "1"
    assert choose_model(workspace, "pets").folder == str(folder)
    write_run(workspace, "20260103T000000Z-0000", push={**push, "folder": "gs://bucket/pets"})
    with pytest.raises(ModelChoiceError, match="versions of pets are in gs://bucket/pets; only lo"):
        find_model(workspace)


def test_paths_that_are_not_models(serve: Serve, tmp_path: Path) -> None:
    with pytest.raises(ModelChoiceError, match="there is no such folder"):
        find_model(tmp_path / "no")
    with pytest.raises(ModelChoiceError, match="is a file"):
        find_model(Path(__file__))
    with pytest.raises(ModelChoiceError, match="contains no SavedModel and no versions of one"):
        find_model(tmp_path)
    (tmp_path / "serving").mkdir()
    with pytest.raises(ModelChoiceError, match=r"has no model\nUse the workspace of a run."):
        find_model(tmp_path)
    folder = serve("pets/1")
    with pytest.raises(ModelChoiceError, match="is not a workspace, so --model cannot be used"):
        find_model(folder, "pets")


def test_predictions_equal_those_of_the_signature(tmp_path: Path) -> None:
    files = [
        write_image(tmp_path / f"{seed}.png", colour, seed)
        for seed, colour in enumerate(["red", "blue", "blue", "red"])
    ]
    model = LoadedModel(exported_model(), top=5)
    [predictions] = predict_files(model, [Listed(str(file)) for file in files])
    serving = tf.saved_model.load(str(exported_model())).signatures["serving_default"]
    expected = serving(image_bytes=tf.constant([file.read_bytes() for file in files]))
    for row, one in enumerate(predictions):
        assert one.path == str(files[row]) and one.error is None
        assert one.classes[0].label == expected["label"][row].numpy().decode()
        scores = [np.float32(scored.score) for scored in one.classes]
        assert scores == sorted(expected["scores"][row].numpy(), reverse=True)
    assert [one.classes[0].label for one in predictions] == ["red", "blue", "blue", "red"]


def test_an_image_that_only_the_model_cannot_decode() -> None:
    model = LoadedModel(exported_model())
    red = tf.io.encode_png(np.full((4, 4, 3), [250, 0, 0], np.uint8)).numpy()
    good, bad = model.predict([red, b"\x89PNG\r\n\x1a\nno image"])
    assert not isinstance(good, str) and good[0].label == "red"
    assert bad == "the model cannot decode it"


def test_a_model_without_valid_fails_one_image_only(tmp_path: Path) -> None:
    old = OldModel()
    tf.saved_model.save(old, str(tmp_path), {"serving_default": old.serving_default})
    red = tf.io.encode_png(np.full((4, 4, 3), [250, 0, 0], np.uint8)).numpy()
    first, bad, last = LoadedModel(tmp_path).predict([red, b"\x89PNG\r\n\x1a\nno image", red])
    assert not isinstance(first, str) and first == last and first[0].label == "red"
    assert isinstance(bad, str) and bad.startswith("the model failed: ")


def test_a_model_that_cannot_be_loaded(tmp_path: Path) -> None:
    shutil.copytree(exported_model(), tmp_path / "cut")
    (tmp_path / "cut/saved_model.pb").write_bytes(b"\xff" * 10)
    with pytest.raises(ModelError, match=r"/cut cannot be loaded: .*\n.*use another version"):
        LoadedModel(tmp_path / "cut")


def test_a_model_with_another_signature(tmp_path: Path) -> None:
    other = tf.Module()
    other.add = tf.function(
        lambda number: {"sum": number + 1},
        input_signature=[tf.TensorSpec([], tf.float32, "number")],
    )
    tf.saved_model.save(other, str(tmp_path / "add"), {"serving_default": other.add})
    with pytest.raises(ModelError, match=r"it takes number \(\) float32 and returns sum"):
        LoadedModel(tmp_path / "add")
    tf.saved_model.save(other, str(tmp_path / "none"), {"other": other.add})
    with pytest.raises(ModelError, match="it has no such signature"):
        LoadedModel(tmp_path / "none")


def test_the_limits_of_the_training_are_kept(tmp_path: Path) -> None:
    model, image = tmp_path / "1", str(write_image(tmp_path / "a.png", "red"))
    shutil.copytree(exported_model(), model)
    (model / "assets.extra").mkdir()
    card = model / "assets.extra/model_card.json"

    def error() -> str | None:
        [[prediction]] = predict_files(LoadedModel(model), [Listed(image)])
        return prediction.error

    assert error() is None
    card.write_text('{"config": null}')
    assert error() is None
    card.write_text('{"config": {"data": {"max_image_pixels": 63, "max_image_bytes": 999}}}')
    assert (error() or "").startswith("too many pixels: ")
    card.write_text('{"config": {"data": null}}')
    assert error() is None
    for damaged in ("{", '{"config": {"data": {"max_image_pixels": "many"}}}', "[]"):
        card.write_text(damaged)
        with pytest.raises(ModelError, match="model_card.json is damaged"):
            LoadedModel(model)
