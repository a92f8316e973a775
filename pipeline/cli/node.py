"""The command `node`: one node of a run, as a Kubeflow task runs it."""

import contextlib
import logging
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from pipeline.cli.errors import config_errors, print_to_stderr
from pipeline.exit_codes import FAILED, WRONG_USAGE

if TYPE_CHECKING:
    from pipeline.cluster.node import NodeLog, Task
    from pipeline.metadata.url import MetadataUrl

RUN_ID_VARIABLE = "KFP_RUN_ID"
"""Has the run's id where KFP (2.2 and 2.3) does not fill in the SDK's placeholder."""

_file = click.Path(dir_okay=False, path_type=Path)


@click.command(hidden=True)
@click.option("--node", "node_id", metavar="NAME", required=True, help="The node, as in TFX.")
@click.option("--run-id", metavar="ID", required=True, help="The run: the same for all its nodes.")
@click.option("--config-json", metavar="JSON", required=True, help="The configuration.")
@click.option(
    "--metadata",
    metavar="URL",
    required=True,
    help="sqlite:///PATH, postgresql://HOST/DATABASE, mysql://HOST/DATABASE or grpc://HOST:PORT; "
    "user and password come from METADATA_USER and METADATA_PASSWORD, or METADATA_USER_FILE and "
    "METADATA_PASSWORD_FILE.",
)
@click.option(
    "--root",
    metavar="URI",
    required=True,
    help="Mounted folder or gs://BUCKET/FOLDER that the nodes share, laid out as a workspace.",
)
@click.option(
    "--set",
    "overrides",
    metavar="PATH=VALUE",
    multiple=True,
    help="Override a setting; an empty VALUE leaves it as configured; repeatable.",
)
@click.option("--metrics", type=_file, help="Write what it measured here, as JSON.")
@click.option("--html", type=_file, help="Write a page about it here; Report's is the whole page.")
@click.option("--executor-output", type=_file, help="Write KFP's executor_output.json here.")
@click.option(
    "--executor-input", metavar="JSON", help="What KFP fills in for {{$}}: says where that goes."
)
def node(
    node_id: str,
    run_id: str,
    config_json: str,
    metadata: str,
    root: str,
    overrides: Sequence[str],
    metrics: Path | None,
    html: Path | None,
    executor_output: Path | None,
    executor_input: str | None,
) -> None:
    """Run one node of the pipeline, for a run that others run the other nodes of.

    \b
    Lines for people go to standard output, logs of TensorFlow, Beam and TFX to standard error.
    Exit codes:
      0  done, answered from the cache, or skipped (a refused model is a result)
      1  failed           2  wrong usage or configuration
    """  # noqa: D301 - click wants the character itself
    with _exits():
        from components.errors import UserError
        from pipeline.config.load import check_config_json

        with config_errors("--config-json"):
            config = check_config_json(config_json, overrides)
        from pipeline.cluster.kfp_outputs import read_executor_input
        from pipeline.cluster.node import NodeLog, Task, check_root
        from pipeline.metadata.connection import connection_config
        from pipeline.metadata.credentials import read_login
        from pipeline.run.paths import open_workspace

        try:
            url = _metadata_url(metadata)
            login = read_login(os.environ) if url.needs_login else None
            if executor_input and not executor_output:
                executor_output = read_executor_input(executor_input)
            task = Task(
                node_id,
                _run_id(run_id, os.environ),
                config,
                open_workspace(root),
                connection_config(url, login),
                metrics,
                html,
                executor_output,
            )
            check_root(task.workspace)
        except UserError as error:
            _print_error(f"Error: {error.message}.", error.hint)
            sys.exit(WRONG_USAGE)
        log = NodeLog()
        log.lines([f"{node_id} of run {task.run_id}; metadata {url}, root {root}"])
        _run(task, log)


def _run(task: "Task", log: "NodeLog") -> None:
    from pipeline.cluster.node import NoSuchNodeError, run_one_node
    from pipeline.metadata.connection import open_store
    from pipeline.run.events import ProgressEvents
    from pipeline.run.failure import failure, find_mistake

    _prepare_process(ProgressEvents(log.write))
    try:
        # Fails on an unreachable database before the imports, which take seconds.
        open_store(task.connection)
        run_one_node(task, log)
    except NoSuchNodeError as error:
        _print_error(f"Error: --node: {error.message}.", error.hint)
        sys.exit(WRONG_USAGE)
    except Exception as error:
        if find_mistake(error) is None:
            traceback.print_exc()
        failed = failure(task.node_id, error)
        _print_error(f"{task.node_id} failed: {failed.cause}", failed.hint)
        log.end(failed)
        sys.exit(FAILED)


def _prepare_process(progress: logging.Handler) -> None:
    """Sets what has to be set before TensorFlow is imported."""
    from components.tensorflow_environment import prepare_tensorflow

    prepare_tensorflow(os.environ)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("image_pipeline.progress").addHandler(progress)
    # The first process of a container ignores SIGTERM otherwise. Whatever ends it, the next attempt
    # resumes from what is on the disk: nothing is gained by a slow end.
    signal.signal(signal.SIGTERM, _stop)


def _stop(number: int, _: Any) -> NoReturn:
    print_to_stderr([f"Stopped by {signal.Signals(number).name}; the next attempt takes over."])
    os._exit(128 + number)


@contextlib.contextmanager
def _exits() -> Iterator[None]:
    """Ends the process at once: threads of TensorFlow and Beam would keep it for seconds."""
    code = 0
    try:
        yield
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else FAILED
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)


def _metadata_url(text: str) -> "MetadataUrl":
    from components.errors import UserError
    from pipeline.metadata.url import parse_metadata_url

    try:
        return parse_metadata_url(text)
    except UserError as error:
        raise UserError(f"--metadata: {error.message}", error.hint) from None


def _run_id(given: str, environment: Mapping[str, str]) -> str:
    """The run's id; KFP before 2.4 hands its placeholder on as it is (kubeflow/pipelines#11599)."""
    from components.errors import UserError

    run_id = environment.get(RUN_ID_VARIABLE, "") if "{{" in given else given
    if not run_id.strip():
        raise UserError(
            "KFP did not say which run this is",
            f"This needs KFP 2.3 or newer, or the environment variable {RUN_ID_VARIABLE}.",
        )
    return run_id


def _print_error(message: str, hint: str | None) -> None:
    print_to_stderr(filter(None, [message, hint]))
