"""TFX's Pusher, with versions that appear whole or not at all."""

import json
from typing import Any

from absl import logging
from tfx.components.pusher import executor as tfx_pusher
from tfx.proto import pusher_pb2
from tfx.types import Artifact, artifact_utils, standard_component_specs
from tfx.utils import proto_utils

from components import storage
from components.artifacts import (
    DECISION_FILE,
    FINGERPRINT_KEY,
    IN_SERVICE_PATH_KEY,
    IN_SERVICE_VERSION_KEY,
    IS_NEW_KEY,
    LABELS_FILE,
    MODEL_CARD_FILE,
    WITHDRAWN_KEY,
    Artifacts,
)
from components.errors import UserError
from components.progress import report_note
from components.pusher.model_card import build_model_card, read_data
from components.pusher.saved_model import ModelFacts, read_saved_model
from components.pusher.versions import WithdrawnError, add_version, list_versions
from components.pusher.warmup import WARMUP_FILE, build_warmup, draw_images


class Executor(tfx_pusher.Executor):
    """Pushes a blessed model to a folder.

    TFX's own executor copies file by file into the live version folder, where a crash leaves half
    a version for model servers to load.
    """

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Pushes the model if it is blessed, and records where it went.

        Raises:
            UserError: The destination could not be written; what is in service has not changed.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        pushed = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.PUSHED_MODEL_KEY]
        )
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed)
            return
        folder = _destination(exec_properties)
        model = artifact_utils.get_single_instance(input_dict[standard_component_specs.MODEL_KEY])
        saved_model = self.GetModelPath(input_dict)
        run_id = self._context.pipeline_run_id if self._context else None
        try:
            before = {version.number for version in list_versions(folder)}
            version = add_version(
                folder,
                saved_model,
                model.uri,
                extras=build_extras(saved_model, model.uri, run_id, input_dict, exec_properties),
                run_id=run_id,
                keep=exec_properties.get("keep"),
            )
        except WithdrawnError as error:
            self._mark_withdrawn(pushed, error)
            return
        except OSError as error:
            raise UserError(
                f"the model could not be written to {folder}: {error.strerror or error}",
                hint="Free disk space or make the folder writable, and run again; "
                "the released version has not changed.",
            ) from error
        logging.info("Version %d is released at %s.", version.number, version.address)
        self._MarkPushed(pushed, version.address, str(version.number))
        # A model that was blessed again is in service already; but an earlier attempt of this run
        # may have pushed it and been killed before it recorded that.
        by_this_run = bool(run_id and version.details and version.details.run_id == run_id)
        pushed.set_int_custom_property(IS_NEW_KEY, int(version.number not in before or by_this_run))

    def _mark_withdrawn(self, pushed: Artifact, error: WithdrawnError) -> None:
        report_note("Pusher", f"{error.message}. {error.hint}")
        self._MarkNotPushed(pushed)
        pushed.set_int_custom_property(WITHDRAWN_KEY, 1)
        pushed.set_string_custom_property(IN_SERVICE_VERSION_KEY, str(error.in_service.number))
        pushed.set_string_custom_property(IN_SERVICE_PATH_KEY, error.in_service.address)


def build_extras(
    saved_model: str,
    model_uri: str,
    run_id: str | None,
    input_dict: Artifacts,
    exec_properties: dict[str, Any],
) -> dict[str, bytes]:
    """The files for a version's `assets.extra`: card, labels and warm-up requests.

    `examples`, `evaluation`, `config` and `image_size` are optional.

    Returns:
        Contents by name; without labels or warm-up requests if there is nothing to build them
        from.

    Raises:
        OSError: The inputs cannot be read.
    """
    facts = read_saved_model(saved_model)
    [examples] = input_dict.get("examples") or [None]
    [evaluation] = input_dict.get("evaluation") or [None]
    card = build_model_card(
        facts,
        model_name=exec_properties["model_name"],
        model_uri=model_uri,
        run_id=run_id,
        data=examples
        and read_data(examples.uri, examples.get_string_custom_property(FINGERPRINT_KEY)),
        config=json.loads(exec_properties.get("config") or "null"),
        image_size=exec_properties.get("image_size"),
        decision=evaluation and _decision(evaluation.uri),
    )
    extras = {MODEL_CARD_FILE: json.dumps(card, indent=2).encode() + b"\n"}
    if facts.labels:
        extras[LABELS_FILE] = "".join(f"{label}\n" for label in facts.labels).encode()
    if examples and (warmup := _warmup(examples, facts, exec_properties["model_name"])):
        extras[WARMUP_FILE] = warmup
    return extras


def _warmup(examples: Artifact, facts: ModelFacts, model_name: str) -> bytes | None:
    splits = artifact_utils.decode_split_names(examples.split_names)
    split = "test" if "test" in splits else splits[0]
    warmup = build_warmup(draw_images(examples.uri, split), facts, model_name)
    if warmup is None:
        report_note("Pusher", "no warm-up requests: no image fits the model's serving_default")
    return warmup


def _decision(evaluation_uri: str) -> dict[str, Any] | None:
    """The evaluator's `decision.json`; None if there is none, as from TFX's own."""
    if not any(entry.name == DECISION_FILE for entry in storage.list_folder(evaluation_uri)):
        return None
    return json.loads(storage.read_bytes(storage.join(evaluation_uri, DECISION_FILE)))


def _destination(exec_properties: dict[str, Any]) -> str:
    destination = pusher_pb2.PushDestination()
    proto_utils.json_to_proto(
        exec_properties[standard_component_specs.PUSH_DESTINATION_KEY], destination
    )
    return destination.filesystem.base_directory
