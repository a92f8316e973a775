"""The command `cluster`: the commands of `kubeflow/`, imported when one of them is named."""

from importlib import import_module

import click

_INSTALLED_AS = "image_pipeline_kubeflow"
"""The folder `kubeflow/`, as setup.py installs it: the name kubeflow is another project's."""


class _ClusterCommands(click.Group):
    """Has the commands of `python -m kubeflow`; nothing of this package imports that folder."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return _commands().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return _commands().get_command(ctx, cmd_name)


@click.command("cluster", cls=_ClusterCommands, short_help="Run the pipeline on Kubeflow.")
def cluster() -> None:
    """Run the pipeline on Kubeflow: compile, deploy, schedule, serving."""


def _commands() -> click.Group:
    try:
        commands = import_module(f"{_INSTALLED_AS}.cli").cli
    except ModuleNotFoundError as error:
        if error.name != _INSTALLED_AS:
            raise
        raise click.ClickException(
            "the commands for a cluster are not installed here (images of the pipeline leave them "
            "out); in a clone, `make set-up` installs them"
        ) from None
    assert isinstance(commands, click.Group)
    return commands
