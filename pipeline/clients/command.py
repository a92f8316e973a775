"""The command line of every client: an address, a model's name, images."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from components.errors import UserError
from pipeline.console.stderr import hide_library_stderr
from pipeline.predict.prediction import Scored

Ask = Callable[[str, str, Sequence[bytes]], list[Scored | None]]


def run_client(ask: Ask, example: str) -> None:
    """Asks about the images that the command line names, prints the answers and exits.

    Args:
        ask: A client's function of that name.
        example: How an address looks like, for the help.
    """

    @click.command(help=f"Ask MODEL at ADDRESS ({example}) about IMAGEs, in one request.")
    @click.argument("address")
    @click.argument("model")
    @click.argument(
        "images",
        metavar="IMAGE...",
        nargs=-1,
        required=True,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
    )
    def command(address: str, model: str, images: Sequence[Path]) -> None:
        try:
            with hide_library_stderr():
                answers = ask(address, model, [image.read_bytes() for image in images])
        except (UserError, OSError) as error:
            raise click.ClickException(str(error)) from None
        for image, answer in zip(images, answers, strict=True):
            words = f"{answer.label} {100 * answer.score:.1f} %" if answer else "cannot be decoded"
            click.echo(f"{image}: {words}")
        sys.exit(0 if all(answers) else 1)

    command()
