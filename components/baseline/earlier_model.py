"""The model that a warm start begins from: the last blessed one trained on other images."""

from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.common import resolver

from components.artifacts import FINGERPRINT_KEY, Artifacts
from components.baseline.resolver import blessed_models
from components.pusher.out_of_service import models_kept_out_of_service

_INPUT, _OUTPUT = metadata_store_pb2.Event.INPUT, metadata_store_pb2.Event.OUTPUT
_EMPTY: Artifacts = {"model": [], "model_blessing": [], "examples": []}


class LastBlessedOnOtherImages(resolver.ResolverStrategy):
    """Resolves `model` to the last blessed model that was not trained on these `examples`.

    If it were simply the last one, each run would start from the model of the run before: it would
    train on the same images again and again, and no run could use the cache.
    """

    def resolve_artifacts(self, store: Any, input_dict: Artifacts) -> Artifacts | None:
        """The last such model and its blessing, of this pipeline's, or none of either."""
        images = {
            example.get_string_custom_property(FINGERPRINT_KEY)
            for example in input_dict["examples"]
        }
        for model, blessing in blessed_models(input_dict, models_kept_out_of_service(store)):
            if not images & _trained_on(store, model.id):
                return {**_EMPTY, "model": [model], "model_blessing": [blessing]}
        return dict(_EMPTY)


def _trained_on(store: Any, model_id: int) -> set[str]:
    """Fingerprints of the images that a model was trained on."""
    producers = {
        e.execution_id for e in store.get_events_by_artifact_ids([model_id]) if e.type == _OUTPUT
    }
    inputs = {
        e.artifact_id for e in store.get_events_by_execution_ids(producers) if e.type == _INPUT
    }
    return {
        artifact.custom_properties[FINGERPRINT_KEY].string_value
        for artifact in store.get_artifacts_by_id(inputs)
        if FINGERPRINT_KEY in artifact.custom_properties
    }
