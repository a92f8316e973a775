"""Which model a candidate is compared with: the last blessed one that is not the candidate."""

from typing import Any

from absl import logging
from tfx.components.evaluator import constants
from tfx.dsl.components.common import resolver
from tfx.dsl.io import fileio
from tfx.utils import path_utils


class LastBlessedOther(resolver.ResolverStrategy):
    """Resolves `model` to the model that was blessed last, is still there and not the `candidate`.

    TFX's own LatestBlessedModelStrategy may return the candidate itself: a run on unchanged data
    takes its model from the cache, that model becomes its own baseline, and so the Evaluator has
    new inputs, blesses it again, and it is pushed again.
    """

    def resolve_artifacts(
        self, store: Any, input_dict: dict[str, list[Any]]
    ) -> dict[str, list[Any]] | None:
        """Chooses among all models and blessings of this pipeline.

        Args:
            store: The metadata store (unused: everything is in the artifacts).
            input_dict: All artifacts of `model` and `model_blessing`, and this run's `candidate`.

        Returns:
            One artifact of `model` and `model_blessing` each, or none where nothing was blessed.
        """
        del store
        candidates = {artifact.id for artifact in input_dict["candidate"]}
        models = {artifact.id: artifact for artifact in input_dict["model"]}
        blessings = sorted(input_dict["model_blessing"], key=lambda a: a.id, reverse=True)
        for blessing in blessings:
            model_id = blessing.get_int_custom_property(
                constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY
            )
            is_blessed = blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY)
            if is_blessed != constants.BLESSED_VALUE or model_id not in models.keys() - candidates:
                continue
            if fileio.exists(path_utils.serving_model_path(models[model_id].uri)):
                return {**_EMPTY, "model": [models[model_id]], "model_blessing": [blessing]}
            # Its files were deleted; it would fail the Evaluator, now and in every later run.
            logging.warning("Blessed model %s is gone.", models[model_id].uri)
        return dict(_EMPTY)


_EMPTY: dict[str, list[Any]] = {"model": [], "model_blessing": [], "candidate": []}
