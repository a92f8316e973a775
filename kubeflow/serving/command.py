"""The command `python -m kubeflow serving`."""

from collections.abc import Sequence
from pathlib import Path

import click

from pipeline.cli.errors import failures, write_file
from pipeline.cli.options import config_argument, output_option, set_option

KINDS = ("tensorflow-serving", "kserve")


@click.command(short_help="Write manifests of model servers.")
@config_argument
@set_option
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default=KINDS[0],
    show_default=True,
    help="A Deployment of TensorFlow Serving, or an InferenceService of KServe.",
)
@output_option("serving.yaml")
def serving(config_path: Path, overrides: Sequence[str], kind: str, output: Path) -> int:
    """Write Kubernetes manifests of model servers for CONFIG's model; needs no cluster."""
    from ..compile.cluster_checks import load_or_exit
    from .manifests import serving_manifests

    config = load_or_exit(config_path, overrides)
    with failures():
        text = serving_manifests(config, kind)
    write_file(output, text)
    click.echo(f"Wrote {output}. Deploy it with: kubectl apply -f {output}")
    return 0
