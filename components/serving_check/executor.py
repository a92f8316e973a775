"""Calls the model, checks its responses and blesses it, or says why not."""

import os
import time
from typing import Any

from tfx import types
from tfx.components.util import model_utils
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils, path_utils

from components.artifacts import Artifacts
from components.progress import report_progress
from components.serving_check import calls as q
from components.serving_check.checks import (
    CheckedModel,
    find_failures,
    is_deterministic,
    largest_difference,
)
from components.serving_check.clean_process import call_model
from components.serving_check.driver import FAILED_KEY
from components.serving_check.images import choose_various, find_by_hash, read_split
from components.serving_check.reference import (
    BATCH_SIZE,
    REFERENCE_FILE,
    Reference,
    read_reference,
)
from components.serving_check.settings import ServingCheckSettings
from components.serving_check.verdict import Verdict, write_verdict

# As TFX's InfraValidator marks what it blesses; the Pusher reads the property.
_BLESSED_KEY = "blessed"
_BLESSED_FILE, _NOT_BLESSED_FILE = "INFRA_BLESSED", "INFRA_NOT_BLESSED"


class Executor(base_executor.BaseExecutor):
    """Checks a model with real images; a model that fails is refused, and the run continues."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Writes `serving_check.json` and marks the InfraBlessing.

        Args:
            input_dict: `model` and `examples`; `model_run`, `model_blessing` and `infra_blessing`
                if there are any.
            output_dict: `blessing`; the driver counts its property `failed`.
            exec_properties: `settings`, the `serving_check` section as JSON.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        settings = ServingCheckSettings.model_validate_json(exec_properties["settings"])
        verdict = _check(input_dict, settings)
        blessing = artifact_utils.get_single_instance(output_dict["blessing"])
        write_verdict(verdict, blessing.uri)
        mark = _BLESSED_FILE if verdict.passed else _NOT_BLESSED_FILE
        io_utils.write_string_file(f"{blessing.uri}/{mark}", "")
        blessing.set_int_custom_property(_BLESSED_KEY, int(verdict.passed))
        has_failed = verdict.is_checked and not verdict.passed
        blessing.set_int_custom_property(FAILED_KEY, int(has_failed))


def _check(inputs: Artifacts, settings: ServingCheckSettings) -> Verdict:
    if inputs.get("model_blessing") and not model_utils.is_model_blessed(
        artifact_utils.get_single_instance(inputs["model_blessing"])
    ):
        return Verdict(False, ["not checked: the gate refused the model"], is_checked=False)
    if inputs.get("infra_blessing") and not model_utils.is_infra_validated(
        artifact_utils.get_single_instance(inputs["infra_blessing"])
    ):
        reason = "TensorFlow Serving does not serve the model; see InfraValidator's log"
        return Verdict(False, [reason], is_checked=False)
    model = artifact_utils.get_single_instance(inputs["model"])
    folder = path_utils.serving_model_path(model.uri, path_utils.is_old_model_artifact(model))
    return check_model(folder, inputs["examples"], inputs.get("model_run", []), settings)


def check_model(
    model: str,
    examples: list[types.Artifact],
    model_run: list[types.Artifact],
    settings: ServingCheckSettings,
) -> Verdict:
    """Calls a model and checks its responses.

    Without the Trainer's reference, in its ModelRun, scores are not compared.
    """
    start = time.monotonic()
    report_progress("ServingCheck", "choosing images")
    test = choose_various(read_split(_split(examples, "test")), BATCH_SIZE)
    if not test:
        return Verdict(False, ["the test split has no image to check with"], is_checked=False)
    reference, validation, missing = _read_reference(examples, model_run)
    calls = q.build_calls(test, validation, settings.calls, settings.max_seconds)
    responses = call_model(model, calls)
    batch_sizes = {call.name: len(call.images) for call in calls}
    checked = CheckedModel(responses, batch_sizes, reference, settings)
    failures = [*missing, *find_failures(checked)]
    single = responses.timings.get(q.CALLS)
    series = {"1": single, str(BATCH_SIZE): responses.timings.get(q.MANY_CALLS)}
    return Verdict(
        passed=not failures,
        failures=failures,
        images=len({*test, *validation}),
        largest_difference=largest_difference(checked),
        is_deterministic=is_deterministic(checked),
        latency_ms={size: timing.latency_ms for size, timing in series.items() if timing},
        calls=single.calls if single else 0,
        memory_growth_bytes=single.memory_growth_bytes if single else None,
        model_bytes=_size(model),
        seconds=round(time.monotonic() - start, 3),
    )


def _split(examples: list[types.Artifact], name: str) -> str:
    return artifact_utils.get_split_uri(examples, name)


def _read_reference(
    examples: list[types.Artifact], model_run: list[types.Artifact]
) -> tuple[Reference | None, list[bytes], list[str]]:
    """The Trainer's reference, its images, and why they are missing if they should exist."""
    if not model_run:
        return None, [], []
    path = f"{artifact_utils.get_single_uri(model_run)}/{REFERENCE_FILE}"
    reference = read_reference(path)
    if reference is None:
        return None, [], [f"the Trainer wrote no scores to compare with: there is no file {path}"]
    images = find_by_hash(read_split(_split(examples, "validation")), reference.sha256)
    if images is None:
        return None, [], ["the Trainer's scores are of images that the validation split lacks"]
    return reference, images, []


def _size(folder: str) -> int:
    """Bytes of all files in a folder."""
    return sum(
        # In a bucket, a folder's name ends in a slash: a second one would name no file.
        fileio.open(os.path.join(parent, name), "rb").size()
        for parent, _, names in fileio.walk(folder)
        for name in names
    )
