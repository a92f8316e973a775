"""The commands `models` and `rollback`."""

from pathlib import Path

import click

workspace_argument = click.argument(
    "workspace", metavar="WORKSPACE", type=click.Path(exists=True, file_okay=False, path_type=Path)
)


@click.command()
@workspace_argument
@click.option("--model", metavar="NAME", help="Show this model only.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, an object a version.")
def models(workspace: Path, model: str | None, as_json: bool) -> int:
    """List the versions of WORKSPACE's models: how good, of which run, in service or not."""
    from components.errors import UserError
    from pipeline.workspace.models import show_models

    try:
        show_models(workspace, model, as_json=as_json)
    except UserError as error:
        raise click.ClickException(str(error)) from None
    return 0


@click.command()
@workspace_argument
@click.option("--to", metavar="VERSION", type=int, help="The version. [default: the one before]")
@click.option("--model", metavar="NAME", help="The model; needed where there are several.")
def rollback(workspace: Path, to: int | None, model: str | None) -> int:
    """Put an older version of a model of WORKSPACE in service, as its newest version.

    Runs in which nothing changed do not push the newer model again; newly trained ones are pushed.
    """
    from components.errors import UserError
    from pipeline.workspace.rollback import roll_back_model

    try:
        lines, warning = roll_back_model(workspace, model, to)
    except UserError as error:
        raise click.ClickException(str(error)) from None
    click.echo("\n".join(lines))
    if warning:
        click.echo(warning, err=True)
    return 0
