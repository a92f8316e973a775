"""The command line: `python -m pipeline`, installed as `image-pipeline`.

Only click is imported here: everything else is imported by the command that needs it, so that
`--help` answers at once.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.models import models, rollback
from pipeline.cli.node import node
from pipeline.cli.predict import predict
from pipeline.cli.runs import report, runs
from pipeline.cluster.training_job.worker_command import train_worker

if TYPE_CHECKING:
    from pipeline.config.schema import PipelineConfig

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130

config_argument = click.argument("config_path", metavar="CONFIG", type=click.Path(path_type=Path))
set_option = click.option(
    "--set",
    "overrides",
    metavar="PATH=VALUE",
    multiple=True,
    help="Override a setting: trainer.batch_size=64, trainer.stages[1].epochs=3; repeatable.",
)


def main() -> None:
    """Runs the command that the arguments name, and exits."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A class name that the terminal's encoding lacks is no reason to stop.
            stream.reconfigure(errors="replace")
    try:
        sys.exit(cli(standalone_mode=False))
    except click.Abort:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """From a folder of images to a gated, pushed model.

    \b
    Exit codes:
      0  a model was pushed, or nothing was new     1  the run failed
      2  wrong usage or configuration               3  the gate or the serving check
      130, 143  stopped by Ctrl-C or SIGTERM           refused the model
    """  # noqa: D301 - click wants the character itself


@cli.command()
@config_argument
@set_option
@click.option(
    "--workspace",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("workspace"),
    show_default=True,
    help="Folder for everything that runs leave: models, metadata, logs, summaries.",
)
@click.option("--wait", is_flag=True, help="Wait while another run uses the workspace.")
def run(config_path: Path, overrides: Sequence[str], workspace: Path, wait: bool) -> int:
    """Run the whole pipeline that CONFIG, a YAML file, describes."""
    from pipeline.console.view import choose_view
    from pipeline.local.supervise import supervise
    from pipeline.run.paths import WorkspaceError

    config = _load_or_exit(config_path, overrides)
    try:
        summary = supervise(
            config,
            workspace,
            choose_view(sys.stdout, os.environ.get("TERM")),
            environment=os.environ,
            config_path=str(config_path),
            on_wait=partial(click.echo, err=True) if wait else None,
        )
    except WorkspaceError as error:
        raise click.ClickException(str(error)) from None
    return summary.exit_code


@cli.command("show-config")
@config_argument
@set_option
def show_config(config_path: Path, overrides: Sequence[str]) -> int:
    """Print CONFIG as it takes effect, defaults included."""
    from pipeline.config.errors import ConfigError, problem_lines
    from pipeline.config.load import load_config
    from pipeline.config.show import config_text

    config = _load_or_exit(config_path, overrides, check_paths=False)
    try:
        load_config(config_path, overrides)
    except ConfigError as error:
        click.echo(f"{config_path} is sound, but would not run on this machine:", err=True)
        _echo(problem_lines(error.problems))
    click.echo(config_text(config), nl=False)
    return 0


@cli.command()
@click.argument(
    "images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--backbone",
    metavar="NAME",
    default="MobileNetV2",
    show_default=True,
    help="Name of the network in keras.applications.",
)
@click.option(
    "--weights",
    metavar="FILE|imagenet",
    default="imagenet",
    show_default=True,
    help="File of its weights, with its top; imagenet is Keras' cache or its download.",
)
@click.option("--alpha", type=float, help="Width multiplier of a MobileNet.")
@click.option(
    "--image-size",
    metavar="PIXELS",
    type=click.IntRange(min=1),
    help="Height and width that images are resized to. [default: the network's own]",
)
@click.option(
    "--top",
    metavar="N",
    type=click.IntRange(1, 1000),
    default=5,
    show_default=True,
    help="How many classes to show.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each image.")
def classify(
    images: Sequence[Path],
    backbone: str,
    weights: str,
    alpha: float | None,
    image_size: int | None,
    top: int,
    as_json: bool,
) -> int:
    """Print the ImageNet classes that a pretrained network, as it is, sees in each IMAGE."""
    from components.errors import UserError
    from pipeline.config.errors import ConfigError
    from pipeline.predict.classify import check_network, classify_images
    from trainer.classify import ImageSizeError

    try:
        settings = check_network(backbone, weights, alpha)
        failed = classify_images(settings, image_size, images, top, as_json=as_json)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    except ImageSizeError as error:
        raise click.UsageError(f"--image-size: {error}") from None
    except UserError as error:
        # The settings of a configuration are options here.
        raise click.ClickException(str(error).replace("model.weights", "--weights")) from None
    return FAILED if failed else 0


cli.add_command(node)
cli.add_command(predict)
cli.add_command(models)
cli.add_command(rollback)
cli.add_command(runs)
cli.add_command(report)
cli.add_command(train_worker)


def _load_or_exit(
    path: Path, overrides: Sequence[str], check_paths: bool = True
) -> "PipelineConfig":
    from pipeline.config.errors import ConfigError, report_lines
    from pipeline.config.load import load_config

    try:
        return load_config(path, overrides, check_paths)
    except ConfigError as error:
        _echo(report_lines(str(path), error.problems))
        sys.exit(WRONG_USAGE)


def _echo(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line, err=True)
