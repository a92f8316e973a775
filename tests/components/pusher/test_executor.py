"""The Pusher: what it pushes, what it does not, and what it records in TFX's artifact."""

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.proto import pusher_pb2
from tfx.types import Channel, artifact_utils, standard_artifacts
from tfx.utils import proto_utils

from components.artifacts import FINGERPRINT_KEY
from components.errors import UserError
from components.pusher.component import ImagePusher
from components.pusher.executor import Executor
from components.pusher.rollback import roll_back
from components.pusher.versions import list_versions, newest_version
from tests.fakes.models.saved_models import LABELS, png, write_examples, write_saved_model
from tests.fakes.processes.small_disk import run_on_small_disk


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """The Pusher's inputs, without blessings."""
    root = tmp_path_factory.mktemp("inputs")
    model = standard_artifacts.Model()
    model.uri = str(root / "model")
    write_saved_model(root / "model" / "Format-Serving")
    examples = standard_artifacts.Examples()
    examples.uri = str(write_examples(root / "examples", {"cat": [png(1)], "dog": [png(2)]}))
    examples.split_names = artifact_utils.encode_split_names(["train", "test"])
    examples.set_string_custom_property(FINGERPRINT_KEY, "5d38")
    evaluation = standard_artifacts.ModelEvaluation()
    evaluation.uri = str(root / "evaluation")
    (root / "evaluation").mkdir()
    decision = {"blessed": True, "test_accuracy": 0.96, "test_examples": 200}
    (root / "evaluation" / "decision.json").write_text(json.dumps(decision))
    return {"model": [model], "examples": [examples], "evaluation": [evaluation]}


def _blessing(kind: Any, is_blessed: bool) -> list[Any]:
    blessing = kind()
    blessing.set_int_custom_property("blessed", int(is_blessed))
    return [blessing]


def _properties(folder: Path, **more: Any) -> dict[str, Any]:
    destination = pusher_pb2.PushDestination(
        filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=str(folder))
    )
    return {
        "push_destination": proto_utils.proto_to_json(destination),
        "model_name": "pets",
        **more,
    }


def _push(
    folder: Path, inputs: dict[str, list[Any]], run_id: str = "20261123T0600Z-5d30", **more: Any
) -> Any:
    pushed = standard_artifacts.PushedModel()
    context = BaseExecutor.Context(pipeline_run_id=run_id)
    Executor(context).Do(inputs, {"pushed_model": [pushed]}, _properties(folder, **more))
    return pushed


def test_version_has_its_card_labels_and_warmup(
    tmp_path: Path, inputs: dict[str, list[Any]]
) -> None:
    pushed = _push(
        tmp_path / "serving", inputs, config='{"gate": {"min_accuracy": 0.9}}', image_size=160
    )
    version = newest_version(tmp_path / "serving")
    assert version is not None and version.details is not None
    assert version.details.run_id == "20261123T0600Z-5d30"
    extras = version.path / "assets.extra"
    assert sorted(file.name for file in extras.iterdir()) == [
        "labels.txt", "model_card.json", "origin.json", "tf_serving_warmup_requests",
    ]  # fmt: skip
    assert (extras / "labels.txt").read_text().splitlines() == list(LABELS)
    card = json.loads((extras / "model_card.json").read_text())
    assert card["model_name"] == "pets"
    assert card["data"]["fingerprint"] == "5d38"
    assert card["test"]["test_accuracy"] == 0.96
    assert card["config"] == {"gate": {"min_accuracy": 0.9}}
    assert card["input"]["resized_to_px"] == 160
    assert pushed.get_int_custom_property("pushed") == 1
    assert pushed.get_int_custom_property("is_new") == 1
    assert pushed.get_string_custom_property("pushed_version") == str(version.number)
    assert pushed.get_string_custom_property("pushed_destination") == version.address

    # Another run finds it in service; a killed attempt of this run has pushed it.
    for run_id, is_new in (("20261124T0600Z-7a11", 0), ("20261123T0600Z-5d30", 1)):
        again = _push(tmp_path / "serving", inputs, run_id)
        assert again.get_int_custom_property("is_new") == is_new
        assert again.get_string_custom_property("pushed_version") == str(version.number)


@pytest.mark.parametrize(
    ("is_model_blessed", "is_infra_blessed", "is_pushed"),
    [
        (True, True, True),
        (True, False, False),
        (False, True, False),
        (False, None, False),
        (None, False, False),
        (True, None, True),
        (None, None, True),
    ],
)
def test_pushes_only_what_every_given_blessing_blesses(
    tmp_path: Path,
    inputs: dict[str, list[Any]],
    is_model_blessed: bool | None,
    is_infra_blessed: bool | None,
    is_pushed: bool,
) -> None:
    given = {"model": inputs["model"]}
    if is_model_blessed is not None:
        given["model_blessing"] = _blessing(standard_artifacts.ModelBlessing, is_model_blessed)
    if is_infra_blessed is not None:
        given["infra_blessing"] = _blessing(standard_artifacts.InfraBlessing, is_infra_blessed)
    pushed = _push(tmp_path / "serving", given)
    assert pushed.get_int_custom_property("pushed") == int(is_pushed)
    assert len(list_versions(tmp_path / "serving")) == int(is_pushed)


def test_old_versions_are_removed(tmp_path: Path, inputs: dict[str, list[Any]]) -> None:
    for name in "abc":
        other = standard_artifacts.Model()
        other.uri = str(tmp_path / name)
        write_saved_model(tmp_path / name / "Format-Serving")
        _push(tmp_path / "serving", {"model": [other]}, keep=2)
    assert len(list_versions(tmp_path / "serving")) == 2


def test_withdrawn_model_is_not_pushed_again(
    tmp_path: Path, inputs: dict[str, list[Any]], caplog: pytest.LogCaptureFixture
) -> None:
    other = standard_artifacts.Model()
    other.uri = str(tmp_path / "other")
    write_saved_model(tmp_path / "other" / "Format-Serving")
    _push(tmp_path / "serving", {"model": [other]})
    _push(tmp_path / "serving", inputs)
    restored = roll_back(tmp_path / "serving").version
    with caplog.at_level("INFO", "image_pipeline.progress"):
        pushed = _push(tmp_path / "serving", inputs)
    assert newest_version(tmp_path / "serving") == restored
    assert pushed.get_int_custom_property("pushed") == 0
    assert pushed.get_int_custom_property("withdrawn") == 1
    assert pushed.get_string_custom_property("in_service_version") == str(restored.number)
    assert pushed.get_string_custom_property("in_service_path") == restored.address
    assert "a rollback withdrew this model" in caplog.text


def test_unwritable_folder_is_reported(tmp_path: Path, inputs: dict[str, list[Any]]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError) as caught:
        _push(tmp_path / "file" / "serving", inputs)
    assert f"could not be written to {tmp_path / 'file' / 'serving'}" in caught.value.message
    assert caught.value.hint is not None and "has not changed" in caught.value.hint


def test_full_disk_is_reported_and_the_version_in_service_stays(
    tmp_path: Path, inputs: dict[str, list[Any]]
) -> None:
    script = textwrap.dedent("""
        import sys
        from tfx.types import standard_artifacts
        from components.errors import UserError
        from components.pusher.executor import Executor
        from components.pusher.versions import list_versions

        folder, properties, *uris = sys.argv[1:]
        for uri in uris:
            model = standard_artifacts.Model()
            model.uri = uri
            try:
                pushed = {"pushed_model": [standard_artifacts.PushedModel()]}
                Executor().Do({"model": [model]}, pushed, eval(properties))
            except UserError as error:
                print(error)
        print([version.origin == uris[0] for version in list_versions(folder)])
    """)
    uris = [inputs["model"][0].uri, tmp_path / "big"]
    write_saved_model(tmp_path / "big" / "Format-Serving")
    (tmp_path / "big" / "Format-Serving" / "assets" / "more").write_bytes(bytes(1_000_000))
    folder = tmp_path / "disk" / "serving"
    command = [sys.executable, "-c", script, folder, repr(_properties(folder)), *uris]
    result = run_on_small_disk(tmp_path / "disk", "500k", command)
    assert result.stdout.splitlines() == [
        f"the model could not be written to {folder}: No space left on device",
        "Free disk space or make the folder writable, and run again; "
        "the released version has not changed.",
        "[True]",
    ], result.stderr[-2000:]


def test_component_has_the_inputs_of_the_stock_pusher(tmp_path: Path) -> None:
    destination = pusher_pb2.PushDestination(
        filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=str(tmp_path / "pets"))
    )
    pusher = ImagePusher(
        model=Channel(type=standard_artifacts.Model),
        model_blessing=Channel(type=standard_artifacts.ModelBlessing),
        infra_blessing=Channel(type=standard_artifacts.InfraBlessing),
        push_destination=destination,
    )
    assert set(pusher.inputs) == {"model", "model_blessing", "infra_blessing"}
    assert pusher.exec_properties["model_name"] == "pets"
    assert set(pusher.outputs) == {"pushed_model"}


def test_component_rejects_an_unsupported_address() -> None:
    destination = pusher_pb2.PushDestination(
        filesystem=pusher_pb2.PushDestination.Filesystem(base_directory="s4://bucket/pets")
    )
    with pytest.raises(UserError, match="s4://bucket/pets cannot be written"):
        ImagePusher(model=Channel(type=standard_artifacts.Model), push_destination=destination)
