"""`python -m pipeline train-worker`: what runs in each pod of a training job."""

import importlib
import json
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pipeline.cluster.training_job.heartbeat import end_when_silent, fail

FAILURE_FILE = "/dev/termination-log"
"""What a container writes here, Kubernetes tells when it has ended (`terminationMessagePath`)."""


@click.command("train-worker", hidden=True)
@click.option("--fn-args", "call_file", metavar="FILE", required=True, help="What to train.")
@click.option(
    "--workers",
    metavar="HOST:PORT,...",
    help="All pods of the job, for jobs whose operator sets no TF_CONFIG; JOB_COMPLETION_INDEX "
    "says which of them this is.",
)
@click.option(
    "--alive", metavar="FILE", help="What changes as long as the Trainer waits for this training."
)
@click.option(
    "--failure-file",
    type=click.Path(path_type=Path),
    help="Where to write what went wrong, in a sentence.",
)
def train_worker(
    call_file: str, workers: str | None, alive: str | None, failure_file: Path | None
) -> int:
    """Train with the other pods of a training job; the Trainer submits it, not a person."""
    import logging

    from components.errors import UserError
    from components.tensorflow_environment import prepare_tensorflow

    prepare_tensorflow(os.environ)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    if workers:
        index = os.environ.get("JOB_COMPLETION_INDEX", "")
        os.environ["TF_CONFIG"] = tf_config(workers.split(","), index)
    try:
        from pipeline.cluster.training_job.call import read_call

        if alive:
            end_when_silent(alive, failure_file)
        run_fn, fn_args = read_call(call_file)
        _import(run_fn)(fn_args)
    except UserError as error:
        fail(str(error), failure_file)
        return 1
    except Exception as error:
        traceback.print_exc()
        fail(f"{type(error).__name__}: {error}", failure_file)
        return 1
    return 0


def tf_config(workers: list[str], index: str) -> str:
    """TensorFlow's description of a cluster; a wrong index is told where it is read."""
    task = {"type": "worker", "index": int(index) if index.isdigit() else index}
    return json.dumps({"cluster": {"worker": workers}, "task": task})


def _import(path: str) -> Callable[[Any], None]:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)
