"""Models that the check before the Pusher refused, as ML Metadata knows them.

execution ServingCheck   input: the Model; the InfraBlessing of TFX's InfraValidator, if any
                         output: an InfraBlessing, `blessed` 0 or 1
execution Pusher         input: the Model
                         output: a PushedModel, `pushed` 0 or 1
"""

from collections.abc import Iterable
from typing import Any


def refused_models(store: Any) -> frozenset[str]:
    """URIs of the Model artifacts that were checked, and never blessed by the check nor pushed.

    One that is blessed when it is asked again, or pushed when the check is switched off, is not
    refused.
    """
    from ml_metadata.proto.metadata_store_pb2 import Event

    verdicts = _by_mark(store, "InfraBlessing", "blessed")
    events = store.get_events_by_artifact_ids(verdicts)
    checks = {event.execution_id for event in events if event.type == Event.OUTPUT}
    # ServingCheck reads the InfraValidator's verdict and repeats it: what it says itself counts.
    repeated = {
        event.artifact_id
        for event in events
        if event.type == Event.INPUT and event.execution_id in checks
    }
    blessed = [id_ for id_, is_blessed in verdicts.items() if is_blessed and id_ not in repeated]
    pushes = _by_mark(store, "PushedModel", "pushed")
    pushed = [id_ for id_, is_pushed in pushes.items() if is_pushed]
    return _models(store, verdicts.keys() - repeated) - _models(store, [*blessed, *pushed])


def _by_mark(store: Any, type_name: str, mark: str) -> dict[int, bool]:
    """What artifacts say by their mark, by their ids; without those that have none."""
    return {
        artifact.id: bool(artifact.custom_properties[mark].int_value)
        for artifact in store.get_artifacts_by_type(type_name)
        if mark in artifact.custom_properties
    }


def _models(store: Any, artifacts: Iterable[int]) -> frozenset[str]:
    """URIs of the models that artifacts were made from."""
    from ml_metadata.proto.metadata_store_pb2 import Event

    made = store.get_events_by_artifact_ids(artifacts)
    makers = {event.execution_id for event in made if event.type == Event.OUTPUT}
    taken = store.get_events_by_execution_ids(makers)
    inputs = {event.artifact_id for event in taken if event.type == Event.INPUT}
    return frozenset(
        artifact.uri for artifact in store.get_artifacts_by_id(inputs) if artifact.type == "Model"
    )
