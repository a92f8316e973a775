"""Which model is the baseline, and which one a warm start begins from."""

import re
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2
from tfx.types import standard_artifacts

from components.baseline.earlier_model import LastBlessedOnOtherImages
from components.baseline.facts import EarlierModelFacts
from components.baseline.resolver import LastBlessedOther
from components.errors import UserError
from components.pusher.rollback import roll_back
from components.pusher.rollback_lineage import record_rollback
from components.pusher.versions import add_version
from tests.components.pusher.conftest import write_model


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model has its files."""
    monkeypatch.chdir(tmp_path)
    for id_ in (1, 3, 5, 7):
        Path(f"{id_}/Format-Serving").mkdir(parents=True)


def _empty_store() -> metadata_store.MetadataStore:
    """An empty metadata store in memory."""
    config = metadata_store_pb2.ConnectionConfig()
    config.fake_database.SetInParent()
    return metadata_store.MetadataStore(config)


def _model(id_: int) -> standard_artifacts.Model:
    model = standard_artifacts.Model()
    model.id = id_
    model.uri = str(id_)
    return model


def _blessing(id_: int, model_id: int, blessed: int = 1) -> standard_artifacts.ModelBlessing:
    blessing = standard_artifacts.ModelBlessing()
    blessing.id = id_
    blessing.set_int_custom_property("current_model_id", model_id)
    blessing.set_int_custom_property("blessed", blessed)
    return blessing


def _resolve(models: list, blessings: list, candidate: int) -> list[int]:
    resolved = LastBlessedOther().resolve_artifacts(
        _empty_store(),
        {"model": models, "model_blessing": blessings, "candidate": [_model(candidate)]},
    )
    assert resolved is not None
    return [model.id for model in resolved["model"]]


def test_first_model_has_no_baseline() -> None:
    assert _resolve([_model(1)], [], candidate=1) == []


def test_candidate_is_not_its_own_baseline() -> None:
    assert _resolve([_model(1)], [_blessing(2, 1)], candidate=1) == []


def test_unblessed_model_is_not_the_baseline() -> None:
    models = [_model(1), _model(3), _model(5)]
    blessings = [_blessing(2, 1), _blessing(4, 3, blessed=0)]
    assert _resolve(models, blessings, candidate=5) == [1]


def test_last_blessed_comes_before_last_trained() -> None:
    # Model 1 was blessed again, from the cache, after model 3.
    models = [_model(1), _model(3), _model(7)]
    blessings = [_blessing(2, 1), _blessing(4, 3), _blessing(6, 1)]
    assert _resolve(models, blessings, candidate=7) == [1]


def test_model_with_deleted_files_is_not_the_baseline() -> None:
    Path("3/Format-Serving").rmdir()
    models = [_model(1), _model(3), _model(5)]
    assert _resolve(models, [_blessing(2, 1), _blessing(4, 3)], candidate=5) == [1]


def _keeping(blessing: standard_artifacts.ModelBlessing) -> standard_artifacts.ModelBlessing:
    blessing.set_int_custom_property("keeps_baseline", 1)
    return blessing


def test_model_that_keeps_its_baseline_is_not_the_baseline() -> None:
    models = [_model(1), _model(3), _model(5), _model(7)]
    blessings = [_blessing(2, 1), _keeping(_blessing(4, 3)), _keeping(_blessing(6, 5))]
    assert _resolve(models, blessings, candidate=7) == [1]


def test_model_that_kept_a_deleted_baseline_is_the_baseline() -> None:
    Path("1/Format-Serving").rmdir()
    models = [_model(1), _model(3), _model(5), _model(7)]
    blessings = [_blessing(2, 1), _keeping(_blessing(4, 3)), _keeping(_blessing(6, 5))]
    assert _resolve(models, blessings, candidate=7) == [5]


def _store_of_refused(*models: standard_artifacts.Model) -> metadata_store.MetadataStore:
    """A metadata store in memory in which ServingCheck refused models; sets their ids."""
    store, mlmd = _empty_store(), metadata_store_pb2
    model_type = store.put_artifact_type(mlmd.ArtifactType(name="Model"))
    blessing_type = store.put_artifact_type(mlmd.ArtifactType(name="InfraBlessing"))
    check_type = store.put_execution_type(mlmd.ExecutionType(name="ServingCheck"))
    for model in models:
        [model.id] = store.put_artifacts([mlmd.Artifact(type_id=model_type, uri=model.uri)])
        verdict = mlmd.Artifact(type_id=blessing_type)
        verdict.custom_properties["blessed"].int_value = 0
        [verdict_id] = store.put_artifacts([verdict])
        [check] = store.put_executions([mlmd.Execution(type_id=check_type)])
        event = mlmd.Event
        store.put_events(
            [
                event(artifact_id=model.id, execution_id=check, type=event.INPUT),
                event(artifact_id=verdict_id, execution_id=check, type=event.OUTPUT),
            ]
        )
    return store


def test_model_that_the_serving_check_refused_is_not_used() -> None:
    good, refused, candidate = _model(1), _model(3), _model(5)
    store = _store_of_refused(refused)
    good.id, candidate.id = refused.id + 10, refused.id + 20
    artifacts = {
        "model": [good, refused, candidate],
        "model_blessing": [_blessing(2, good.id), _blessing(4, refused.id)],
    }
    baseline = LastBlessedOther().resolve_artifacts(store, {**artifacts, "candidate": [candidate]})
    assert baseline is not None and [model.uri for model in baseline["model"]] == ["1"]
    start = LastBlessedOnOtherImages().resolve_artifacts(store, {**artifacts, "examples": []})
    assert start is not None and [model.uri for model in start["model"]] == ["1"]


class _Serving:
    """Versions in service beside metadata that may know them, each with a model of that name."""

    def __init__(self) -> None:
        self.store = _empty_store()

    def push(self, name: str, uri: str = "elsewhere/1") -> int:
        model = write_model(Path(f"saved-{name}"), name)
        extras = {"model_card.json": b"{}"}
        return add_version("serving", model, uri, extras=extras).number

    def record_push(self, version: int) -> None:
        mlmd = metadata_store_pb2
        kind = self.store.put_artifact_type(mlmd.ArtifactType(name="PushedModel"))
        pushed = mlmd.Artifact(type_id=kind)
        pushed.custom_properties["pushed_version"].string_value = str(version)
        self.store.put_artifacts([pushed])

    def resolve(
        self, models: Sequence[standard_artifacts.Model], blessings: Sequence[Any] = ()
    ) -> dict[str, list[Any]]:
        """Resolves the baseline of the last of these models."""
        strategy = LastBlessedOther("serving", "pets", "artifacts")
        resolved = strategy.resolve_artifacts(
            self.store,
            {"model": [*models], "model_blessing": [*blessings], "candidate": [models[-1]]},
        )
        assert resolved is not None
        return resolved


@pytest.fixture
def serving() -> _Serving:
    return _Serving()


def test_released_version_is_the_baseline_over_new_metadata(serving: _Serving) -> None:
    serving.push("before")
    number = serving.push("now", uri="1")  # Where the new metadata have this run's model.
    baseline = serving.resolve([_model(1)])
    [model], [blessing] = baseline["model"], baseline["model_blessing"]
    assert EarlierModelFacts.read(baseline).headline() == f"version {number}, as released"
    saved_model = Path(model.uri) / "Format-Serving"
    assert (saved_model / "saved_model.pb").read_text().startswith("now")
    assert not (saved_model / "assets.extra").exists(), "its images"
    # A later run has both among its inputs.
    again = serving.resolve([model, _model(7)], [blessing])
    assert [found.id for found in again["model"]] == [model.id]
    [execution] = serving.store.get_executions_by_type("ImportedVersion")
    assert execution.properties["version"].int_value == number
    [context] = serving.store.get_contexts_by_execution(execution.id)
    assert (context.name, len(serving.store.get_artifacts_by_context(context.id))) == ("pets", 2)


def test_released_version_is_the_baseline_after_a_move(serving: _Serving) -> None:
    serving.record_push(serving.push("now"))
    Path("3/Format-Serving").rmdir()  # It is not where the metadata have it.
    baseline = serving.resolve([_model(3), _model(5)], [_blessing(4, 3)])
    assert EarlierModelFacts.read(baseline).version is not None


def test_version_that_is_newer_than_the_metadata_is_the_baseline(serving: _Serving) -> None:
    serving.record_push(serving.push("old", uri="1"))
    number = serving.push("now", uri="3")
    baseline = serving.resolve([_model(1), _model(3)], [_blessing(2, 1)])
    assert EarlierModelFacts.read(baseline).version == number


def test_version_that_the_metadata_know_is_not_copied(serving: _Serving) -> None:
    serving.record_push(serving.push("now"))
    baseline = serving.resolve([_model(1), _model(3)], [_blessing(2, 1)])
    assert [model.id for model in baseline["model"]] == [1]
    assert EarlierModelFacts.read(baseline).version is None


def test_version_whose_push_was_not_recorded_is_not_copied(serving: _Serving) -> None:
    serving.push("now", uri="1")
    write_model(Path("1/Format-Serving"), "now")
    baseline = serving.resolve([_model(1), _model(3)], [_blessing(2, 1)])
    assert [model.uri for model in baseline["model"]] == ["1"]


def test_candidate_in_service_is_not_its_own_baseline(serving: _Serving) -> None:
    serving.push("now")
    write_model(Path("1/Format-Serving"), "now")
    assert serving.resolve([_model(1)])["model"] == []


def test_withdrawn_and_damaged_versions_and_those_of_others_are_no_baseline(
    serving: _Serving,
) -> None:
    for name in ("good", "withdrawn"):
        serving.push(name)
    restored = roll_back("serving").version
    write_model(Path("serving/99999999999"), "of another tool")
    (restored.path / "variables" / "variables.index").unlink()
    [model] = serving.resolve([_model(1)])["model"]
    text = (Path(model.uri) / "Format-Serving" / "saved_model.pb").read_text()
    assert text.startswith("good")


def test_withdrawn_version_that_was_copied_is_no_baseline(serving: _Serving) -> None:
    serving.push("good")
    serving.push("withdrawn", uri="elsewhere/2")
    copied = serving.resolve([_model(1)])
    [model], [blessing] = copied["model"], copied["model_blessing"]
    done = roll_back("serving")
    record_rollback(serving.store, "pets", done)
    [baseline] = serving.resolve([model, _model(7)], [blessing])["model"]
    text = (Path(baseline.uri) / "Format-Serving" / "saved_model.pb").read_text()
    assert text.startswith("good")


def test_folder_that_cannot_be_made_stops_the_run(serving: _Serving) -> None:
    serving.push("now")
    Path("artifacts").write_text("not a folder")
    with pytest.raises(UserError, match="the released version cannot be read"):
        serving.resolve([_model(1)])


def test_version_that_cannot_be_read_stops_the_run(
    serving: _Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving.push("now")

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("components.baseline.released.copy_file", fail)
    with pytest.raises(UserError, match="cannot be read: .*: Input/output error") as raised:
        serving.resolve([_model(1)])
    # A run reports the first error of the traceback.
    assert re.findall(r"\w+Error: ", "".join(traceback.format_exception(raised.value))) == [
        "UserError: "
    ]
