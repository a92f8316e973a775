"""The Trainer's executor: trains in this process, or submits a training job."""

import os
import time
from typing import Any

from tfx.components.trainer.executor import GenericExecutor
from tfx.dsl.io import fileio

from components.artifacts import Artifacts
from components.errors import UserError
from pipeline.cluster.training_job.heartbeat import FAILURE_FILE, HEARTBEAT_FILE, heartbeat
from pipeline.cluster.training_job.run_fn_call import write_call
from pipeline.cluster.training_job.spec import TRAINING_JOB, read_spec

# NFS caches the content of a folder for up to a minute (acdirmax in nfs(5)), so that a file appears
# on another machine that much later.
_MODEL_SECONDS = 90.0


class TrainingExecutor(GenericExecutor):
    """TFX's executor, which submits a training job if TRAINING_JOB is set.

    An environment variable and not a property of the node: properties are part of TFX's cache key,
    and a model does not depend on where it was trained.
    """

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Trains; see the base class."""
        variable = os.environ.get(TRAINING_JOB)
        if not variable:
            super().Do(input_dict, output_dict, exec_properties)
            return
        # Imported here: the Kubernetes client takes a second, and only training jobs need it.
        from pipeline.cluster.training_job.job import job_name, run_job

        spec = read_spec(variable)
        self._log_startup(input_dict, output_dict, exec_properties)
        fn_args = self._GetFnArgs(input_dict, output_dict, exec_properties)
        call = write_call(exec_properties["run_fn"], fn_args)
        context = self._context
        # A retry of this task has the same run id, and finds the job of the attempt before.
        name = job_name(context.pipeline_info.id, str(context.pipeline_run_id))
        alive = f"{fn_args.model_run_dir}/{HEARTBEAT_FILE}"
        command = ["python", "-m", "pipeline", "train-worker", "--fn-args", call]
        with heartbeat(alive):
            run_job(spec, name, [*command, "--alive", alive, "--failure-file", FAILURE_FILE])
        _wait_for_model(fn_args.serving_model_dir, name)


def _wait_for_model(folder: str, name: str) -> None:
    deadline = time.monotonic() + _MODEL_SECONDS
    while not fileio.exists(folder):
        if time.monotonic() > deadline:
            raise UserError(
                f"the training job {name} succeeded, but there is no model in {folder}",
                hint="Do its pods mount the same volume, at the same path, as this task?",
            )
        time.sleep(1.0)
