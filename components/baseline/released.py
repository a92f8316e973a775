"""The released version as a baseline, where the metadata do not know its model.

They do not in a workspace that was moved (they have the URIs of before), over new metadata, and
over metadata that were put back from a backup. Then a copy of the version is recorded as a blessed
model, so that this run and later ones are compared with it:

    execution ImportedVersion   output: a Model, a ModelBlessing
                                properties: version
"""

import contextlib
import os
from collections.abc import Iterable, Sequence
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx.components.evaluator import constants
from tfx.types import Artifact, standard_artifacts
from tfx.utils import path_utils

from components import storage
from components.artifacts import EXTRAS_FOLDER, IMPORTED_VERSION_KEY, PUSHED_VERSION_KEY
from components.errors import UserError
from components.progress import report_note
from components.pusher.files import copy_file, hash_model, storage_error, walk_files
from components.pusher.rollback_lineage import output_event, pipeline_context, type_named
from components.pusher.version import ModelId, Version, find_damage, identify, identify_model
from components.pusher.versions import list_versions

_EXECUTION_TYPE = "ImportedVersion"


def find_version(
    store: Any, folder: str, models: Iterable[Artifact], candidates: Iterable[Artifact]
) -> tuple[Version | None, bool]:
    """The released version that a candidate can be compared with.

    Args:
        store: The metadata.
        folder: The folder of the model's versions.
        models: All models that the metadata know.
        candidates: This run's model.

    Returns:
        The version, None if there is none or the candidate itself is released; and whether the
        metadata know of it.

    Raises:
        UserError: The folder cannot be read.
    """
    try:
        version = _newest_of_ours(folder)
    except OSError as error:
        # Without its cause: the first error of a traceback is what a run reports.
        raise _not_comparable(folder, error) from None
    if version is None or has_same(candidates, identify(version)):
        return None, False
    known = (
        model
        for model in models
        if model.uri == version.origin
        or model.get_int_custom_property(IMPORTED_VERSION_KEY) == version.number
    )
    return version, _was_pushed(store, version) or has_same(known, identify(version))


def withdrawn_models(folder: str) -> Sequence[ModelId]:
    """The models that rollbacks withdrew, as the newest version records them.

    The metadata know the URI that was withdrawn; the copy of a version has another.

    Raises:
        UserError: The folder cannot be read.
    """
    try:
        ours = _of_ours(folder)
    except OSError as error:
        raise _not_comparable(folder, error) from None
    return ours[0].withdrawn_models if ours else ()


def has_same(models: Iterable[Artifact], wanted: ModelId) -> bool:
    """Whether one of the models has these contents."""
    return any(
        identify_model(None, path_utils.serving_model_path(model.uri)).is_same(wanted)
        for model in models
    )


def import_version(
    store: Any, version: Version, pipeline_name: str, root: str
) -> tuple[Artifact, Artifact]:
    """Copies a version's model to the artifacts and records it as blessed.

    Args:
        store: The metadata.
        version: The version.
        pipeline_name: Name of the pipeline.
        root: The pipeline's root, where its artifacts are.

    Returns:
        The Model and its ModelBlessing.

    Raises:
        UserError: It cannot be copied.
    """
    report_note(
        "Baseline",
        f"version {version.number} is released, and its model is not where these metadata have it: "
        "the new model is compared with the version itself",
    )
    model = standard_artifacts.Model()
    try:
        model.uri = _copy(version, storage.join(storage.join(root, "Baseline"), "model"))
    except OSError as error:
        raise _not_comparable(version.address, error) from None
    model.set_int_custom_property(IMPORTED_VERSION_KEY, version.number)
    blessing = standard_artifacts.ModelBlessing()
    _record(store, model, blessing, pipeline_name)
    return model, blessing


def _newest_of_ours(folder: str) -> Version | None:
    """The newest version that a run pushed, and that is neither withdrawn nor damaged."""
    ours = _of_ours(folder)
    for version in ours:
        is_withdrawn = any(map(identify(version).is_same, ours[0].withdrawn_models))
        if not is_withdrawn and not find_damage(version):
            return version
    return None


def _of_ours(folder: str) -> list[Version]:
    return [version for version in list_versions(folder) if version.details is not None]


def _was_pushed(store: Any, version: Version) -> bool:
    """Whether the metadata have a push or a rollback that made this version."""
    if not type_named(store.get_artifact_types, "PushedModel"):
        return False
    return any(
        pushed.custom_properties[PUSHED_VERSION_KEY].string_value == str(version.number)
        for pushed in store.get_artifacts_by_type("PushedModel")
        if PUSHED_VERSION_KEY in pushed.custom_properties
    )


def _copy(version: Version, folder: str) -> str:
    """Copies a version's SavedModel, unless a whole copy is there; returns the Model's URI."""
    digest = hash_model(version.address)
    uri = storage.join(folder, f"{version.number}-{digest[:8]}")
    target = path_utils.serving_model_path(uri)
    with contextlib.suppress(OSError):
        if hash_model(target) == digest:
            return uri
    for name in walk_files(version.address):
        if not name.startswith(f"{EXTRAS_FOLDER}/"):
            _make_folder(os.path.dirname(storage.join(target, name)))
            copy_file(storage.join(version.address, name), storage.join(target, name))
    return uri


def _make_folder(folder: str) -> None:
    import tensorflow as tf

    try:
        tf.io.gfile.makedirs(folder)
    except tf.errors.OpError as error:
        raise storage_error(error, folder) from error


def _record(store: Any, model: Artifact, blessing: Artifact, pipeline_name: str) -> None:
    """Adds both to the metadata, as outputs of an execution; sets their ids."""
    _put(store, model)
    blessing.uri = model.uri
    blessing.set_string_custom_property(
        constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, model.uri
    )
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, model.id)
    blessing.set_int_custom_property(
        constants.ARTIFACT_PROPERTY_BLESSED_KEY, constants.BLESSED_VALUE
    )
    _put(store, blessing)
    mlmd = metadata_store_pb2
    kind = mlmd.ExecutionType(name=_EXECUTION_TYPE, properties={"version": mlmd.INT})
    execution = mlmd.Execution(
        type_id=store.put_execution_type(kind), last_known_state=mlmd.Execution.COMPLETE
    )
    version = model.get_int_custom_property(IMPORTED_VERSION_KEY)
    execution.properties["version"].int_value = version
    outputs = {"model": model, "model_blessing": blessing}
    store.put_execution(
        execution,
        [(artifact.mlmd_artifact, output_event(key)) for key, artifact in outputs.items()],
        [pipeline_context(store, pipeline_name)],
    )


def _put(store: Any, artifact: Artifact) -> None:
    kind = type_named(store.get_artifact_types, artifact.type_name)
    artifact.type_id = kind.id if kind else store.put_artifact_type(artifact.artifact_type)
    artifact.mlmd_artifact.state = metadata_store_pb2.Artifact.LIVE
    [artifact.id] = store.put_artifacts([artifact.mlmd_artifact])


def _not_comparable(place: str, error: OSError) -> UserError:
    return UserError(
        f"the released version cannot be read: {place}: {error.strerror or error}",
        "Nothing is released without comparing it with what is: make it readable, and run again.",
    )
