"""The commands `runs` and `report`."""

from pathlib import Path

import click


@click.command()
@click.argument(
    "workspace", metavar="WORKSPACE", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, an object a run.")
def runs(workspace: Path, as_json: bool) -> int:
    """List the runs of WORKSPACE, newest first: what each came to, how good, how long."""
    from pipeline.workspace.runs import show_runs

    show_runs(workspace, as_json=as_json)
    return 0


@click.command()
@click.argument("run", metavar="RUN")
@click.option(
    "--workspace",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("workspace"),
    show_default=True,
    help="Workspace of the run, where RUN is its name.",
)
@click.option("--open", "opens", is_flag=True, help="Open it in the browser, too.")
def report(run: str, workspace: Path, opens: bool) -> int:
    """Print the path of RUN's report, an HTML page.

    RUN is a run's name or folder, or a workspace: its newest run.
    """
    from components.errors import UserError
    from pipeline.workspace.report import find_page, find_run

    try:
        page = find_page(find_run(run, workspace))
    except UserError as error:
        raise click.ClickException(str(error)) from None
    click.echo(page)
    if opens:
        import webbrowser

        if not webbrowser.open(page.as_uri()):
            raise click.ClickException("no browser could be started here; open the file above")
    return 0
