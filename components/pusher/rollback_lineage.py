"""Rollbacks in ML Metadata: which version was put back, and which one that created.

    execution Rollback   input: the PushedModel of the version that was put back (if one is known)
                         output: a PushedModel of the new version
                         properties: model_name, from_version, to_version, version, withdrawn (JSON)

It is in the context of the model's pipeline, as every execution of TFX is.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from components.artifacts import IS_NEW_KEY, PUSHED_DESTINATION_KEY, PUSHED_KEY, PUSHED_VERSION_KEY
from components.pusher.rollback import Rollback

EXECUTION_TYPE = "Rollback"

_Result = TypeVar("_Result")
_TRIES = 10


class LineageError(Exception):
    """The metadata cannot be opened or written."""


def open_store(sqlite: Path) -> Any:
    """Opens TFX's metadata.

    Raises:
        LineageError: There is no such file, or it is not such a database.
    """
    from ml_metadata import errors
    from ml_metadata.metadata_store import metadata_store
    from ml_metadata.proto import metadata_store_pb2

    if not sqlite.is_file():
        raise LineageError(f"there is no metadata at {sqlite}")
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(sqlite)
    config.sqlite.connection_mode = config.sqlite.READWRITE
    try:
        return _retry(lambda: metadata_store.MetadataStore(config))
    except (errors.StatusError, RuntimeError) as error:
        raise LineageError(f"{sqlite} cannot be opened: {error}") from error


def record_rollback(store: Any, model_name: str, rollback: Rollback) -> int:
    """Records a rollback in the metadata, see `open_store`; returns the execution's id.

    Raises:
        LineageError: The metadata cannot be written.
    """
    from ml_metadata import errors

    try:
        return _retry(lambda: _record(store, model_name, rollback))
    except errors.StatusError as error:
        raise LineageError(str(error)) from error


def type_named(types: Callable[[], Any], name: str) -> Any | None:
    """The type of a name among those of a store, or None; MLMD raises for unknown ones."""
    return next((kind for kind in types() if kind.name == name), None)


def _record(store: Any, model_name: str, rollback: Rollback) -> int:
    from ml_metadata.proto import metadata_store_pb2 as mlmd

    pairs = [(_pushed_model(store, rollback), output_event("pushed_model"))]
    if (source := _find_pushed(store, rollback.source.address)) is not None:
        pairs.append((source, _event(mlmd.Event.INPUT, "pushed_model")))
    execution_id, _, _ = store.put_execution(
        _execution(store, model_name, rollback), pairs, [pipeline_context(store, model_name)]
    )
    return int(execution_id)


def _execution(store: Any, model_name: str, rollback: Rollback) -> Any:
    from ml_metadata.proto import metadata_store_pb2 as mlmd

    texts = {"model_name": model_name, "withdrawn": json.dumps(list(rollback.withdrawn))}
    numbers = {"to_version": rollback.source.number, "version": rollback.version.number}
    if rollback.before is not None:
        numbers["from_version"] = rollback.before.number
    kind = mlmd.ExecutionType(name=EXECUTION_TYPE)
    for name in ("model_name", "withdrawn"):
        kind.properties[name] = mlmd.STRING
    for name in ("from_version", "to_version", "version"):
        kind.properties[name] = mlmd.INT
    execution = mlmd.Execution(
        type_id=store.put_execution_type(kind), last_known_state=mlmd.Execution.COMPLETE
    )
    for name, text in texts.items():
        execution.properties[name].string_value = text
    for name, number in numbers.items():
        execution.properties[name].int_value = number
    return execution


def _pushed_model(store: Any, rollback: Rollback) -> Any:
    """The new version as TFX's Pusher would record it."""
    from ml_metadata.proto import metadata_store_pb2 as mlmd

    kind = type_named(store.get_artifact_types, "PushedModel")
    type_id = kind.id if kind else store.put_artifact_type(mlmd.ArtifactType(name="PushedModel"))
    artifact = mlmd.Artifact(
        type_id=type_id, uri=rollback.version.address, state=mlmd.Artifact.LIVE
    )
    artifact.custom_properties[PUSHED_KEY].int_value = 1
    artifact.custom_properties[IS_NEW_KEY].int_value = 1
    artifact.custom_properties[PUSHED_VERSION_KEY].string_value = str(rollback.version.number)
    artifact.custom_properties[PUSHED_DESTINATION_KEY].string_value = rollback.version.address
    return artifact


def _find_pushed(store: Any, address: str) -> Any | None:
    """The first artifact of the version at an address; later runs add more for the same version."""
    if not type_named(store.get_artifact_types, "PushedModel"):
        return None
    candidates = [
        artifact
        for artifact in store.get_artifacts_by_type("PushedModel")
        if artifact.custom_properties[PUSHED_DESTINATION_KEY].string_value == address
    ]
    return min(candidates, key=lambda artifact: artifact.id, default=None)


def pipeline_context(store: Any, model_name: str) -> Any:
    """The context of the pipeline that makes a model, as TFX has it."""
    from ml_metadata.proto import metadata_store_pb2 as mlmd

    if type_named(store.get_context_types, "pipeline"):
        context = store.get_context_by_type_and_name("pipeline", model_name)
        if context is not None:
            return context
    type_id = store.put_context_type(mlmd.ContextType(name="pipeline"))
    return mlmd.Context(type_id=type_id, name=model_name)


def output_event(key: str) -> Any:
    """The event of an execution's output."""
    from ml_metadata.proto import metadata_store_pb2 as mlmd

    return _event(mlmd.Event.OUTPUT, key)


def _event(kind: int, key: str) -> Any:
    from ml_metadata.proto import metadata_store_pb2 as mlmd

    event = mlmd.Event(type=kind)
    event.path.steps.add().key = key
    event.path.steps.add().index = 0
    return event


def _retry(action: Callable[[], _Result]) -> _Result:
    """Retries while a run writes: SQLite admits one writer at a time."""
    from ml_metadata import errors

    for wait in range(1, _TRIES):
        try:
            return action()
        except (errors.AbortedError, errors.InternalError, RuntimeError) as error:
            if "locked" not in str(error):
                raise
            time.sleep(0.1 * wait)
    return action()
