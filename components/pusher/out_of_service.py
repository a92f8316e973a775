"""Models that are kept out of service, as ML Metadata knows them: withdrawn, or refused.

execution Rollback       see `rollback_lineage`
execution ServingCheck   input: the Model; the InfraBlessing of TFX's InfraValidator, if any
                         output: an InfraBlessing, `blessed` 0 or 1
execution Pusher         input: the Model
                         output: a PushedModel, `pushed` 0 or 1
"""

import json
from collections.abc import Iterable
from typing import Any

from components.artifacts import PUSHED_KEY
from components.pusher.rollback_lineage import EXECUTION_TYPE, type_named


def models_kept_out_of_service(store: Any) -> frozenset[str]:
    """URIs of the Model artifacts that are kept out of service even if the evaluator blessed them.

    Those that a rollback withdrew (the last rollback of each served model counts), and those that
    the check before the Pusher refused.
    """
    return _withdrawn_models(store) | refused_models(store)


def refused_models(store: Any) -> frozenset[str]:
    """URIs of the Model artifacts that were checked, and never blessed by the check nor pushed.

    A model that a later check blesses, or that is pushed while the check is switched off, is not
    refused.
    """
    from ml_metadata.proto.metadata_store_pb2 import Event

    verdicts = _read_flags(store, "InfraBlessing", "blessed")
    events = store.get_events_by_artifact_ids(verdicts)
    checks = {event.execution_id for event in events if event.type == Event.OUTPUT}
    # ServingCheck repeats the verdict of the InfraValidator, which it reads: only its own counts.
    repeated = {
        event.artifact_id
        for event in events
        if event.type == Event.INPUT and event.execution_id in checks
    }
    blessed = [id_ for id_, is_blessed in verdicts.items() if is_blessed and id_ not in repeated]
    pushes = _read_flags(store, "PushedModel", PUSHED_KEY)
    pushed = [id_ for id_, is_pushed in pushes.items() if is_pushed]
    return _models(store, verdicts.keys() - repeated) - _models(store, [*blessed, *pushed])


def _withdrawn_models(store: Any) -> frozenset[str]:
    if not type_named(store.get_execution_types, EXECUTION_TYPE):
        return frozenset()
    rollbacks = sorted(store.get_executions_by_type(EXECUTION_TYPE), key=lambda done: done.id)
    last = {done.properties["model_name"].string_value: done for done in rollbacks}
    withdrawn = [json.loads(done.properties["withdrawn"].string_value) for done in last.values()]
    return frozenset(uri for uris in withdrawn for uri in uris)


def _read_flags(store: Any, type_name: str, flag: str) -> dict[int, bool]:
    """A custom property of the artifacts of a type, by their ids; without those that lack it."""
    return {
        artifact.id: bool(artifact.custom_properties[flag].int_value)
        for artifact in store.get_artifacts_by_type(type_name)
        if flag in artifact.custom_properties
    }


def _models(store: Any, artifacts: Iterable[int]) -> frozenset[str]:
    """URIs of the models that artifacts were made from."""
    from ml_metadata.proto.metadata_store_pb2 import Event

    outputs = store.get_events_by_artifact_ids(artifacts)
    producers = {event.execution_id for event in outputs if event.type == Event.OUTPUT}
    events = store.get_events_by_execution_ids(producers)
    inputs = {event.artifact_id for event in events if event.type == Event.INPUT}
    return frozenset(
        artifact.uri for artifact in store.get_artifacts_by_id(inputs) if artifact.type == "Model"
    )
