"""The command `train-worker`, which each pod of a training job runs."""

import importlib
import json
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pipeline.cluster.training_job.heartbeat import exit_without_heartbeat, report_failure
from pipeline.exit_codes import FAILED


@click.command("train-worker", hidden=True)
@click.option(
    "--fn-args", "call_file", metavar="FILE", required=True, help="File with the call of run_fn."
)
@click.option(
    "--workers",
    metavar="HOST:PORT,...",
    help="All pods of the job, for jobs whose operator sets no TF_CONFIG; JOB_COMPLETION_INDEX "
    "is the index of this one.",
)
@click.option(
    "--alive", metavar="FILE", help="File that the Trainer rewrites while it waits for this job."
)
@click.option(
    "--failure-file",
    type=click.Path(path_type=Path),
    help="File to write the error message to.",
)
def train_worker(
    call_file: str, workers: str | None, alive: str | None, failure_file: Path | None
) -> int:
    """Train with the other pods of a training job; the Trainer node submits it."""
    import logging

    from components.errors import UserError
    from components.tensorflow_environment import prepare_tensorflow

    prepare_tensorflow(os.environ)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    if workers:
        index = os.environ.get("JOB_COMPLETION_INDEX", "")
        os.environ["TF_CONFIG"] = tf_config(workers.split(","), index)
    try:
        from pipeline.cluster.training_job.run_fn_call import read_call

        if alive:
            exit_without_heartbeat(alive, failure_file)
        run_fn, fn_args = read_call(call_file)
        _import_function(run_fn)(fn_args)
    except UserError as error:
        report_failure(str(error), failure_file)
        return FAILED
    except Exception as error:
        traceback.print_exc()
        report_failure(f"{type(error).__name__}: {error}", failure_file)
        return FAILED
    return 0


def tf_config(workers: list[str], index: str) -> str:
    """TensorFlow's TF_CONFIG; an invalid index is kept, for `count_workers` to report."""
    task = {"type": "worker", "index": int(index) if index.isdigit() else index}
    return json.dumps({"cluster": {"worker": workers}, "task": task})


def _import_function(path: str) -> Callable[[Any], None]:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)
