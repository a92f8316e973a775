"""The blessing of a model, as TFX's Pusher and resolvers read it."""

from tfx import types
from tfx.components.evaluator import constants
from tfx.utils import io_utils

KEEPS_BASELINE_KEY = "keeps_baseline"


def write_blessing(
    blessing: types.Artifact,
    *,
    blessed: bool,
    model: types.Artifact,
    baseline: types.Artifact | None = None,
    keeps_baseline: bool = False,
    component_id: str | None = None,
) -> None:
    """Records a decision on a ModelBlessing artifact, with the properties and files that TFX uses.

    With `keeps_baseline`, the baseline of this model stays that of later ones.
    """
    text, number = blessing.set_string_custom_property, blessing.set_int_custom_property
    text(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, model.uri)
    number(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, model.id)
    if baseline is not None:
        text(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY, baseline.uri)
        number(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY, baseline.id)
    if component_id:
        text("component_id", component_id)
    number(
        constants.ARTIFACT_PROPERTY_BLESSED_KEY,
        constants.BLESSED_VALUE if blessed else constants.NOT_BLESSED_VALUE,
    )
    number(KEEPS_BASELINE_KEY, int(keeps_baseline))
    name = constants.BLESSED_FILE_NAME if blessed else constants.NOT_BLESSED_FILE_NAME
    io_utils.write_string_file(f"{blessing.uri}/{name}", "")


def keeps_baseline(blessing: types.Artifact) -> bool:
    """Whether the model's own baseline stays the baseline; False if the blessing does not say."""
    return bool(blessing.get_int_custom_property(KEEPS_BASELINE_KEY))
