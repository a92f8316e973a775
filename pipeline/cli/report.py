"""The command `report`."""

from pathlib import Path

import click

from pipeline.cli.errors import failures
from pipeline.cli.options import workspace_option


@click.command(short_help="Print the path of a run's report page.")
@click.argument("run", metavar="[RUN]", required=False)
@workspace_option("Workspace of the run, where RUN is its name.")
@click.option("--open", "opens", is_flag=True, help="Open it in the browser, too.")
def report(run: str | None, workspace: Path, opens: bool) -> int:
    """Print the path of a run's report, an HTML page.

    RUN is a run's name or folder, or a workspace: its newest run. Without it, the newest run of
    --workspace.
    """
    from pipeline.workspace.report import find_page, find_run

    with failures():
        page = find_page(find_run(run or str(workspace), workspace))
    click.echo(page)
    if opens:
        import webbrowser

        if not webbrowser.open(page.as_uri()):
            raise click.ClickException("no browser could be started here; open the file above")
    return 0
