"""The worker process: runs every node of the pipeline and reports each step as an event.

The front end starts it with stdout and stderr redirected to the log file; only events reach the
terminal. The worker ends when the front end does (`die_with_parent`).
"""

import ctypes
import logging
import os
import select
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import click

from components.quick_imports import quick_imports
from pipeline.config.schema import PipelineConfig
from pipeline.exit_codes import FAILED, SUCCEEDED, WRONG_USAGE
from pipeline.run.events import EventWriter, Finished, Phase, Plan, ProgressEvents, Started
from pipeline.run.failure import failure
from pipeline.run.paths import Workspace
from trainer.network.settings import MisfitError

if TYPE_CHECKING:
    from pipeline.execution.compiled_pipeline import CompiledPipeline

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@click.command()
@click.option("--run-dir", type=click.Path(path_type=Path), required=True)
@click.option("--workspace", type=click.Path(path_type=Path), required=True)
@click.option("--run-id", required=True)
@click.option("--events-fd", type=int, required=True)
def main(run_dir: Path, workspace: Path, run_id: str, events_fd: int) -> None:
    """Runs the pipeline of RUN_DIR/config.json; called by the front end only."""
    die_with_parent(events_fd)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    with EventWriter(events_fd) as events:
        logging.getLogger("image_pipeline.progress").addHandler(ProgressEvents(events.write))
        try:
            text = (run_dir / "config.json").read_text()
            config = PipelineConfig.model_validate_json(text, context={"check_paths": False})
            is_done = run_pipeline(config, Workspace(workspace.absolute()), run_id, events)
            code = SUCCEEDED if is_done else FAILED
        except Exception as error:
            traceback.print_exc()
            events.write(failure(None, error))
            code = WRONG_USAGE if isinstance(error, MisfitError) else FAILED
    # TensorFlow and Beam leave threads that delay a normal exit by seconds; all output is on disk.
    logging.shutdown()
    os._exit(code)


def run_pipeline(
    config: PipelineConfig, workspace: Workspace, run_id: str, events: EventWriter
) -> bool:
    """Runs every node in turn and returns whether all succeeded.

    Raises:
        MisfitError: Settings do not fit each other; no node has started.
    """
    events.write(Phase(message="loading TensorFlow and TFX"))
    # Imported late: it takes seconds, and the event above says why.
    with quick_imports():
        from pipeline.execution.caching import may_use_cache
        from pipeline.execution.compiled_pipeline import CompiledPipeline
        from pipeline.graph import create_pipeline
        from pipeline.metadata.connection import connection_config
        from pipeline.metadata.url import MetadataUrl
        from trainer.check import check_training

    if config.model.weights == "imagenet":
        events.write(Phase(message="loading ImageNet weights: Keras' cache, or its download"))
    check_training(config.model, config.trainer, config.image_size)
    metadata = MetadataUrl("sqlite", database=str(workspace.metadata(config)))
    pipeline = create_pipeline(config, workspace)
    compiled = CompiledPipeline(pipeline, run_id, connection_config(metadata))
    events.write(Plan(components=compiled.node_ids))
    for node_id in compiled.node_ids:
        use_cache = may_use_cache(node_id, compiled, workspace.serving(config))
        if not _run_node(compiled, node_id, use_cache, events):
            return False
    return True


def _run_node(
    compiled: "CompiledPipeline", node_id: str, use_cache: bool, events: EventWriter
) -> bool:
    events.write(Started(component=node_id))
    start = time.monotonic()
    try:
        result = compiled.run_node(node_id, use_cache)
        facts = result.read_facts().model_dump(mode="json")
    except Exception as error:
        traceback.print_exc()
        events.write(failure(node_id, error))
        return False
    seconds = round(time.monotonic() - start, 3)
    events.write(Finished(component=node_id, state=result.state, seconds=seconds, facts=facts))
    return True


def die_with_parent(pipe: int | None = None) -> None:
    """Has the kernel kill this process as soon as its parent has ended, for whatever reason.

    Call it first in the worker, from the main thread. Systems other than Linux have no
    PR_SET_PDEATHSIG; there it only checks the pipe.

    If the parent ended before the call, `pipe`, to the parent, no longer has a reader, and this
    process exits.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if pipe is not None and _has_no_reader(pipe):
        os._exit(1)


def _has_no_reader(pipe: int) -> bool:
    poll = select.poll()
    poll.register(pipe, 0)  # POLLERR is always reported
    return any(state & select.POLLERR for _, state in poll.poll(0))


if __name__ == "__main__":
    main()
