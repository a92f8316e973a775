"""The command `deploy`."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.errors import failures, usage_errors
from pipeline.cli.options import config_argument, set_option
from pipeline.exit_codes import INTERRUPTED

from ..client.options import connection_from, connection_options, open_host

if TYPE_CHECKING:
    from ..client.api import PipelinesHost
    from ..client.connection import Connection
    from .package import Package

_GONE = 404

param_option = click.option(
    "--param",
    "parameters",
    metavar="NAME=VALUE",
    multiple=True,
    help="Set a parameter of the pipeline for its runs, such as span=7; repeatable.",
)


@click.command(short_help="Upload the pipeline, and run it.")
@config_argument
@set_option
@connection_options
@click.option("--run", "runs", is_flag=True, help="Start a run.")
@click.option("--wait", "waits", is_flag=True, help="Start a run, and wait until it ends.")
@param_option
@click.option(
    "--poll",
    "poll_seconds",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=5.0,
    show_default=True,
    help="Time between two requests for the state of the run.",
)
def deploy(
    config_path: Path,
    overrides: Sequence[str],
    runs: bool,
    waits: bool,
    parameters: tuple[str, ...],
    poll_seconds: float,
    **options: Any,
) -> int:
    """Upload the pipeline of CONFIG to Kubeflow Pipelines, and run it there.

    A new version is uploaded only if the content has changed.

    \b
    Exit codes with --wait:
      0  the run succeeded                          1    it failed, or was stopped
      2  wrong usage or configuration               3    the gate refused the model
      130  Ctrl-C: the run continues
    """  # noqa: D301 - click wants the character itself
    if parameters and not (runs or waits):
        raise click.UsageError("--param is for runs: add --run or --wait")
    with usage_errors():
        connection = connection_from(options)
    from ..compile.cluster_checks import load_or_exit

    config = load_or_exit(config_path, overrides)
    with usage_errors():
        from .parameter_check import read_parameters

        values = read_parameters(config, parameters)
    with failures():
        from .package import compiled

        with compiled(config) as package:
            return _deploy(connection, package, values, runs or waits, waits, poll_seconds)


def _deploy(
    connection: "Connection",
    package: "Package",
    values: dict[str, str],
    runs: bool,
    waits: bool,
    poll_seconds: float,
) -> int:
    from .deployment import ensure_experiment, start_run, upload

    host = open_host(connection)
    uploaded = upload(host, package)
    state = "new" if uploaded.is_new_version else "unchanged: this content is uploaded already"
    click.echo(f"pipeline    {package.name}{' (new)' if uploaded.is_new_pipeline else ''}")
    click.echo(f"version     {uploaded.version} ({state})")
    experiment_id, is_new = ensure_experiment(host, package.experiment)
    click.echo(f"experiment  {package.experiment}{' (new)' if is_new else ''}")
    if not runs:
        path = f"pipelines/details/{uploaded.pipeline_id}/version/{uploaded.version_id}"
        click.echo(f"page        {host.link(path)}")
        return 0
    run = start_run(host, uploaded, experiment_id, package.name, values, package.service_account)
    link = host.link(f"runs/details/{run.run_id}")
    click.echo(f"run         {run.display_name}\npage        {link}")
    return follow_to_end(host, run.run_id, package, poll_seconds, link) if waits else 0


def follow_to_end(
    host: "PipelinesHost", run_id: str, package: "Package", poll_seconds: float, link: str
) -> int:
    """Shows a run until it ends, and its outcome; returns the exit code."""
    from components.errors import UserError
    from pipeline.console.view import choose_view
    from pipeline.run.outcome import EXIT_CODES
    from pipeline.run.state import RunState

    from ..client.errors import HostError
    from .follow import follow
    from .outcome import read_outcome

    click.echo()
    view, state = choose_view(sys.stdout, os.environ.get("TERM")), RunState()
    try:
        run = follow(host, run_id, package, view, state, poll_seconds)
        outcome = read_outcome(host, run, state)
    except KeyboardInterrupt:
        click.echo(f"No longer following; the run continues: {link}", err=True)
        return INTERRUPTED
    except HostError as error:
        if error.status == _GONE:
            raise
        raise UserError(f"{error.message}\nThe run continues: {link}", error.hint) from None
    view.end(outcome.word, outcome.lines)
    return EXIT_CODES[outcome.word]
