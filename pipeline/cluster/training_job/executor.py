"""The Trainer's executor: trains in this process, or has a job of several pods train."""

import os
import time
from typing import Any

from tfx import types
from tfx.components.trainer.executor import GenericExecutor
from tfx.dsl.io import fileio

from components.errors import UserError
from pipeline.cluster.training_job.call import write_call
from pipeline.cluster.training_job.heartbeat import ALIVE_FILE, show_life
from pipeline.cluster.training_job.spec import TRAINING_JOB, read_spec
from pipeline.cluster.training_job.worker_command import FAILURE_FILE

# A network file system may show a file to another machine this much later: NFS keeps what it knows
# of a folder for up to a minute (acdirmax in nfs(5)).
_MODEL_SECONDS = 90.0


class TrainingExecutor(GenericExecutor):
    """TFX's own, but where TRAINING_JOB names a job.

    The environment decides, and no property of the node: TFX looks a result up by the executor's
    class and the node's properties, and where a model was trained is no part of it.
    """

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Trains, as TFX's executor says."""
        told = os.environ.get(TRAINING_JOB)
        if not told:
            super().Do(input_dict, output_dict, exec_properties)
            return
        # Here: no one else needs the client of Kubernetes, which takes a second to import.
        from pipeline.cluster.training_job.job import job_name, run_job

        spec = read_spec(told)
        self._log_startup(input_dict, output_dict, exec_properties)
        fn_args = self._GetFnArgs(input_dict, output_dict, exec_properties)
        call = write_call(exec_properties["run_fn"], fn_args)
        context = self._context
        # A pod that is started again has the run's id, and finds what the one before it has left.
        name = job_name(context.pipeline_info.id, str(context.pipeline_run_id))
        alive = f"{fn_args.model_run_dir}/{ALIVE_FILE}"
        command = ["python", "-m", "pipeline", "train-worker", "--fn-args", call]
        with show_life(alive):
            run_job(spec, name, [*command, "--alive", alive, "--failure-file", FAILURE_FILE])
        _wait_for_model(fn_args.serving_model_dir, name)


def _wait_for_model(folder: str, name: str) -> None:
    until = time.monotonic() + _MODEL_SECONDS
    while not fileio.exists(folder):
        if time.monotonic() > until:
            raise UserError(
                f"the training job {name} has ended well, and there is no model in {folder}",
                hint="Do its pods mount the same volume, at the same path, as this task?",
            )
        time.sleep(1.0)
