"""The command `schedule`."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.errors import failures, usage_errors
from pipeline.cli.options import config_argument, set_option

from ..client.options import connection_from, connection_options, open_host
from ..deploy.command import param_option

if TYPE_CHECKING:
    from pipeline.config.schema import PipelineConfig

    from ..client.connection import Connection
    from .recurring_run import Applied, Wanted
    from .trigger import Trigger


# The shell turns an expression without quotes into further arguments.
@click.command(
    context_settings={"allow_extra_args": True}, short_help="Run the pipeline on a schedule."
)
@config_argument
@set_option
@connection_options
@click.option(
    "--cron",
    metavar="EXPRESSION",
    help="Run by the calendar: minute, hour, day of month, month, day of week, as in a crontab, "
    "such as '0 3 * * *'; six fields begin with the second.",
)
@click.option(
    "--timezone",
    "zone_name",
    metavar="ZONE",
    help="Time zone of --cron, such as Europe/Berlin. [default: that of the cluster]",
)
@click.option(
    "--cluster-timezone",
    "cluster_zone_name",
    metavar="ZONE",
    default="UTC",
    show_default=True,
    help="Time zone of the cluster's schedules: CRON_SCHEDULE_TIMEZONE of its "
    "ml-pipeline-scheduledworkflow.",
)
@click.option("--every", metavar="SPAN", help="Run every so often: 6h, 90m, 1d.")
@click.option("--list", "lists", is_flag=True, help="List all schedules.")
@click.option("--json", "as_json", is_flag=True, help="List them as JSON.")
@click.option("--pause", is_flag=True, help="Start no more runs until --resume.")
@click.option("--resume", is_flag=True, help="Start runs again.")
@click.option("--delete", is_flag=True, help="Remove the schedule; its runs stay.")
@param_option
@click.pass_context
def schedule(
    context: click.Context,
    /,
    config_path: Path,
    overrides: Sequence[str],
    cron: str | None,
    zone_name: str | None,
    cluster_zone_name: str,
    every: str | None,
    lists: bool,
    as_json: bool,
    pause: bool,
    resume: bool,
    delete: bool,
    parameters: tuple[str, ...],
    **options: Any,
) -> int:
    """Run the pipeline of CONFIG again and again in Kubeflow Pipelines.

    A pipeline has one schedule: given again, it is left as it is, or replaced if anything changed.
    No run starts while the previous one is running, and missed runs are not made up for.
    """
    _refuse_more(context.args, cron)
    actions = {
        "--cron": cron is not None,
        "--every": every is not None,
        "--list": lists or as_json,
        "--pause": pause,
        "--resume": resume,
        "--delete": delete,
    }
    chosen = [name for name, is_chosen in actions.items() if is_chosen]
    if len(chosen) != 1:
        given = f"; given are {' and '.join(chosen)}" if chosen else ""
        raise click.UsageError(f"give one of {', '.join(actions)}{given}")
    if zone_name and cron is None:
        raise click.UsageError("--timezone goes with --cron")
    if parameters and cron is None and every is None:
        raise click.UsageError("--param goes with --cron or --every")
    with usage_errors():
        connection = connection_from(options)
        trigger = _trigger(cron, zone_name, cluster_zone_name, every)
    from ..compile.cluster_checks import load_or_exit

    config = load_or_exit(config_path, overrides)
    with usage_errors():
        from ..deploy.parameter_check import read_parameters

        values = read_parameters(config, parameters)
    with failures():
        if trigger is not None:
            return _apply(connection, config, trigger, values)
        return _manage(connection, config, chosen[0], cluster_zone_name, as_json)


def _refuse_more(arguments: Sequence[str], cron: str | None) -> None:
    if not arguments:
        return
    message = f"takes one CONFIG; unexpected: {' '.join(arguments)}"
    if cron is not None and " " not in cron.strip():
        message += "\nPut the expression in quotes: --cron '0 3 * * *'."
    raise click.UsageError(message)


def _trigger(
    cron: str | None, zone_name: str | None, cluster_zone_name: str, every: str | None
) -> "Trigger | None":
    from .trigger import cron_trigger, interval_trigger

    if cron is not None:
        return cron_trigger(cron, zone_name, cluster_zone_name)
    return interval_trigger(every) if every is not None else None


def _apply(
    connection: "Connection",
    config: "PipelineConfig",
    trigger: "Trigger",
    values: dict[str, str],
) -> int:
    from ..deploy.deployment import ensure_experiment, upload
    from ..deploy.package import compiled
    from .recurring_run import Wanted, apply

    with compiled(config) as package:
        host = open_host(connection)
        uploaded = upload(host, package)
        experiment_id, _ = ensure_experiment(host, package.experiment)
        wanted = Wanted(
            package.name, experiment_id, uploaded, trigger, values, package.service_account
        )
        applied = apply(host, wanted)
    _print_applied(wanted, applied, package.experiment)
    return 0


def _print_applied(wanted: "Wanted", applied: "Applied", experiment: str) -> None:
    trigger, uploaded = wanted.trigger, wanted.uploaded
    what = {
        "created": "Created",
        "replaced": f"Replaced (changed: {', '.join(applied.changes)})",
        "unchanged": "Unchanged",
    }[applied.did]
    click.echo(f"{what}: {wanted.name} runs {trigger.words}")
    click.echo(f"  version     {uploaded.version}{' (new)' if uploaded.is_new_version else ''}")
    click.echo(f"  experiment  {experiment}")
    if trigger.cron:
        click.echo(f"  KFP's cron  {trigger.cron} (second first)")
    if trigger.next_start and not applied.is_paused:
        click.echo(f"  next run    {trigger.next_start:%Y-%m-%d %H:%M %Z}")
    if applied.did == "unchanged" and applied.removed:
        click.echo(f"  removed     {applied.removed} left over from an earlier replacement")
    if applied.is_paused:
        click.echo("It is paused, as before: --resume lets it run.")
    if trigger.note:
        click.echo(trigger.note, err=True)


def _manage(
    connection: "Connection",
    config: "PipelineConfig",
    action: str,
    cluster_zone_name: str,
    as_json: bool,
) -> int:
    from ..names import pipeline_name
    from . import recurring_run as schedules
    from .table import print_schedules, schedule_as_json

    host, name = open_host(connection), pipeline_name(config)
    if action == "--list":
        runs = schedules.find(host)
        if as_json:
            click.echo(json.dumps([schedule_as_json(run) for run in runs], indent=2))
        elif runs:
            print_schedules(runs, name, cluster_zone_name, sys.stdout)
        else:
            click.echo("There are no schedules.")
        return 0
    if action == "--delete":
        number = schedules.delete(host, name)
        click.echo(f"Deleted: {name} no longer runs by itself." if number else _none(name))
        return 0
    act, did, state = {
        "--pause": (schedules.pause, "Paused", "paused"),
        "--resume": (schedules.resume, "Resumed", "on"),
    }[action]
    number, changed = act(host, name)
    if not number:
        raise click.ClickException(
            f"{_none(name)}\nMake one: image-pipeline cluster schedule CONFIG --cron '0 3 * * *'"
        )
    click.echo(f"{did}: {name}" if changed else f"Unchanged: {name} was {state} already")
    return 0


def _none(name: str) -> str:
    return f"There is no schedule {name}."
