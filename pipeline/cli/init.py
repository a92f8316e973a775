"""The command `init`: a configuration for a folder of images."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from components.printable import printable
from pipeline.cli.errors import print_to_stderr, usage_errors, write_file
from pipeline.cli.options import DEFAULT_WORKSPACE, workspace_option

if TYPE_CHECKING:
    from pipeline.config.from_folder import FolderContents


@click.command(short_help="Write a configuration for a folder of images.")
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
@workspace_option("Folder that runs will write to; the configuration is written beside it.")
def init(folder: Path, workspace: Path) -> int:
    """Write a configuration for FOLDER, which holds a folder of images for each class.

    Classes and split folders are found by their names. `run FOLDER` does the same before its first
    run; init lets you see and change the settings before anything starts.
    """
    from pipeline.config.from_folder import find_configuration
    from pipeline.console.final import program, shown_path

    with usage_errors():
        file = find_configuration(_existing(folder), workspace)
    if file.exists():
        raise click.UsageError(
            f"{shown_path(file)} is the configuration of {folder} already: change it, or move it "
            "away to have it written again."
        )
    contents = write_configuration(folder, file)
    options = (
        "" if workspace == DEFAULT_WORKSPACE else f" --workspace {shlex.quote(str(workspace))}"
    )
    click.echo(f"Classes: {contents.listed_classes}")
    command = f"{program()} run {shlex.quote(str(shown_path(file)))}{options}"
    click.echo(f"Next: {printable(command)}")
    return 0


def configuration_of(folder: Path, workspace: Path) -> Path:
    """The configuration of a folder for `run`: an earlier one's, or written now, and named."""
    from pipeline.config.from_folder import find_configuration
    from pipeline.console.final import shown_path

    with usage_errors():
        file = find_configuration(folder, workspace)
    if file.exists():
        print_to_stderr([f"The configuration of {folder} is {shown_path(file)}."])
    else:
        write_configuration(folder, file)
    return file


def write_configuration(folder: Path, file: Path) -> "FolderContents":
    """Writes the configuration of a folder and says so."""
    from pipeline.config.from_folder import configuration_text, look_into
    from pipeline.console.final import shown_path

    with usage_errors():
        contents = look_into(folder)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"{file.parent} cannot be made: {error.strerror}.") from None
    write_file(file, configuration_text(contents, file.stem))
    print_to_stderr([f"Wrote {shown_path(file)} for the {contents.counts} of {folder}."])
    if contents.is_deep:
        first = folder / next(iter(contents.classes))
        note = (
            f"No image lies in a class folder itself. If {first} is a data set, name that folder."
        )
        print_to_stderr([note])
    return contents


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        problem = "is a file" if folder.exists() else "there is no such folder"
        raise click.UsageError(f"{folder}: {problem}; name a folder of class folders.")
    return folder
