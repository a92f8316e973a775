"""The command `python -m kubeflow serving`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from pipeline.cli import WRONG_USAGE, config_argument, set_option

KINDS = ("tensorflow-serving", "kserve")


@click.command()
@config_argument
@set_option
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default=KINDS[0],
    show_default=True,
    help="A Deployment of TensorFlow Serving, or an InferenceService of KServe.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("serving.yaml"),
    show_default=True,
    help="File to write.",
)
def serving(config_path: Path, overrides: Sequence[str], kind: str, output: Path) -> int:
    """Write manifests of servers for what CONFIG's pipeline pushes; needs no cluster."""
    from components.errors import UserError
    from kubeflow.compile.load import load_for_cluster
    from kubeflow.serving.manifests import serving_manifests
    from pipeline.config_problems import ConfigError
    from pipeline.problem_text import refusal_lines

    try:
        text = serving_manifests(load_for_cluster(config_path, overrides), kind)
        output.write_text(text, encoding="utf-8")
    except ConfigError as error:
        for line in refusal_lines(str(config_path), error.problems):
            click.echo(line, err=True)
        sys.exit(WRONG_USAGE)
    except UserError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from None
    click.echo(f"Wrote {output}. Put it into service: kubectl apply -f {output}")
    return 0
