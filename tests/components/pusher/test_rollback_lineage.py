"""A rollback in ML Metadata."""

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.pusher.out_of_service import models_kept_out_of_service
from components.pusher.rollback import roll_back
from components.pusher.rollback_lineage import LineageError, open_store, record_rollback
from components.pusher.version import Version
from components.pusher.versions import add_version
from tests.fakes.models.named_model import push


@pytest.fixture
def metadata(tmp_path: Path) -> Path:
    """Metadata of an empty pipeline."""
    path = tmp_path / "metadata.sqlite"
    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = str(path)
    config.sqlite.connection_mode = config.sqlite.READWRITE_OPENCREATE
    metadata_store.MetadataStore(config)
    return path


def _record_push(store: Any, version: Version) -> int:
    """Records a version as TFX's Pusher does."""
    type_id = store.put_artifact_type(mlmd.ArtifactType(name="PushedModel"), can_add_fields=True)
    artifact = mlmd.Artifact(type_id=type_id, uri=f"artifacts/{version.number}")
    artifact.custom_properties["pushed_destination"].string_value = version.address
    return int(store.put_artifacts([artifact])[0])


def test_rollback_is_recorded(
    tmp_path: Path, metadata: Path, make_model: Callable[..., Path]
) -> None:
    folder, store = tmp_path / "serving", open_store(metadata)
    assert models_kept_out_of_service(store) == frozenset()
    old, new = (add_version(folder, make_model(name), name) for name in "ab")
    old_id, _ = _record_push(store, old), _record_push(store, new)
    done = roll_back(folder)
    execution_id = record_rollback(store, "pets", done)

    [execution] = store.get_executions_by_id([execution_id])
    assert execution.type == "Rollback"
    assert execution.last_known_state == mlmd.Execution.COMPLETE
    properties = execution.properties
    assert properties["from_version"].int_value == new.number
    assert properties["to_version"].int_value == old.number
    assert properties["version"].int_value == done.version.number
    events = store.get_events_by_execution_ids([execution_id])
    by_type = {event.type: event.artifact_id for event in events}
    assert by_type[mlmd.Event.INPUT] == old_id
    [output] = store.get_artifacts_by_id([by_type[mlmd.Event.OUTPUT]])
    assert (output.type, output.state) == ("PushedModel", mlmd.Artifact.LIVE)
    assert output.custom_properties["pushed_version"].string_value == str(done.version.number)
    [context] = store.get_contexts_by_execution(execution_id)
    assert (context.type, context.name) == ("pipeline", "pets")
    assert models_kept_out_of_service(store) == {"b"}

    again = roll_back(folder, to=new.number)
    record_rollback(store, "pets", again)
    assert models_kept_out_of_service(store) == frozenset(), "undone, and a is older than b"
    third = roll_back(folder, to=done.version.number)
    third_id = record_rollback(store, "pets", third)
    assert models_kept_out_of_service(store) == {"b"}
    inputs = [
        event.artifact_id
        for event in store.get_events_by_execution_ids([third_id])
        if event.type == mlmd.Event.INPUT
    ]
    assert inputs == [output.id], "the next rollback knows this one's version"


def test_a_version_unknown_to_the_metadata(tmp_path: Path, metadata: Path, model: Path) -> None:
    for name in "ab":
        push(tmp_path / "serving", model, name)
    store = open_store(metadata)
    execution_id = record_rollback(store, "pets", roll_back(tmp_path / "serving"))
    [event] = store.get_events_by_execution_ids([execution_id])
    assert event.type == mlmd.Event.OUTPUT


def test_missing_metadata_are_not_created(tmp_path: Path) -> None:
    with pytest.raises(LineageError, match="there is no metadata at"):
        open_store(tmp_path / "metadata.sqlite")
    assert not (tmp_path / "metadata.sqlite").exists()


def test_file_that_is_not_a_database(tmp_path: Path) -> None:
    (tmp_path / "metadata.sqlite").write_text("no database" * 100)
    with pytest.raises(LineageError, match="cannot be opened"):
        open_store(tmp_path / "metadata.sqlite")


def test_recording_waits_for_a_run_that_writes(tmp_path: Path, metadata: Path, model: Path) -> None:
    for name in "ab":
        push(tmp_path / "serving", model, name)
    done, store = roll_back(tmp_path / "serving"), open_store(metadata)
    writer = sqlite3.connect(metadata, isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN EXCLUSIVE")

    def finish() -> None:
        time.sleep(0.5)
        writer.execute("COMMIT")

    thread = threading.Thread(target=finish)
    thread.start()
    assert record_rollback(store, "pets", done) > 0
    thread.join()
    writer.close()
