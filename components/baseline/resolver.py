"""The model that a candidate is compared with: the last blessed one except the candidate."""

from collections.abc import Container, Iterator
from typing import Any

from absl import logging
from tfx.components.evaluator import constants
from tfx.dsl.components.common import resolver
from tfx.dsl.io import fileio
from tfx.utils import path_utils

from components.artifacts import Artifacts
from components.baseline.released import find_version, has_same, import_version, withdrawn_models
from components.evaluator.blessing import keeps_baseline
from components.pusher.out_of_service import models_kept_out_of_service


class LastBlessedOther(resolver.ResolverStrategy):
    """Resolves `model` to the last blessed model that still exists and is not the `candidate`.

    A model whose blessing says that its own baseline stays is skipped, so that losses do not add up
    over many nights, see `components.evaluator.gate.comparison`. So is one that may not be in
    service: ServingCheck refused it, or a rollback withdrew it.

    TFX's own LatestBlessedModelStrategy may return the candidate itself: a run on unchanged data
    takes its model from the cache, that model becomes its own baseline, and so the Evaluator has
    new inputs and blesses it again, and the Pusher pushes it again.

    What counts is what is released: where the metadata do not know that version, or have no such
    model, it is the baseline itself, see `released`.

    Args:
        serving: The folder of the model's versions; None looks at the metadata alone.
        pipeline_name: Name of the pipeline.
        root: The pipeline's root.
    """

    def __init__(self, serving: str | None = None, pipeline_name: str = "", root: str = "") -> None:
        self._serving, self._pipeline_name, self._root = serving, pipeline_name, root

    def resolve_artifacts(self, store: Any, input_dict: Artifacts) -> Artifacts | None:
        """The last such model and its blessing, of this pipeline's, or none of either."""
        candidates = {artifact.id for artifact in input_dict["candidate"]}
        others = [
            (model, blessing)
            for model, blessing in blessed_models(input_dict, models_kept_out_of_service(store))
            if model.id not in candidates
        ]
        for withdrawn in withdrawn_models(self._serving) if self._serving else ():
            others = [other for other in others if not has_same([other[0]], withdrawn)]
        if imported := self._import(store, input_dict, has_others=bool(others)):
            return imported
        # If the baseline's files were deleted, a model compared with it is better than none.
        for model, blessing in sorted(others, key=lambda other: keeps_baseline(other[1])):
            return {**_EMPTY, "model": [model], "model_blessing": [blessing]}
        return dict(_EMPTY)

    def _import(self, store: Any, input_dict: Artifacts, has_others: bool) -> Artifacts | None:
        if self._serving is None:
            return None
        version, is_known = find_version(
            store, self._serving, input_dict["model"], input_dict["candidate"]
        )
        if version is None or (is_known and has_others):
            return None
        model, blessing = import_version(store, version, self._pipeline_name, self._root)
        return {**_EMPTY, "model": [model], "model_blessing": [blessing]}


def blessed_models(
    input_dict: Artifacts, kept_out: Container[str] = ()
) -> Iterator[tuple[Any, Any]]:
    """The blessed models that still exist, each with its blessing, newest first.

    `kept_out` has URIs of models to skip.
    """
    models = {artifact.id: artifact for artifact in input_dict["model"]}
    for blessing in sorted(input_dict["model_blessing"], key=lambda a: a.id, reverse=True):
        model = models.get(
            blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY)
        )
        is_blessed = blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY)
        if is_blessed != constants.BLESSED_VALUE or model is None or model.uri in kept_out:
            continue
        if fileio.exists(path_utils.serving_model_path(model.uri)):
            yield model, blessing
        else:
            # Its files were deleted; reading it would fail this run and every later one.
            logging.warning("Blessed model %s no longer exists.", model.uri)


_EMPTY: Artifacts = {"model": [], "model_blessing": [], "candidate": []}
