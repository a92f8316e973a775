"""`predict`: what a pushed model says of images, as lines, CSV or JSON lines."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from components.quick_imports import quick_imports
from pipeline.console.stderr import hide_library_stderr
from pipeline.predict.find_model import find_model
from pipeline.predict.progress import Counter, spinner

if TYPE_CHECKING:
    from pipeline.predict.output import Style


def predict(
    where: Path, images: Sequence[str], name: str | None, top: int, style: "Style"
) -> Counter:
    """Classifies images and prints each answer as it comes, in the order of the images.

    Args:
        where: A SavedModel, a folder of versions, or a workspace.
        images: Files, folders, patterns, or `-`: see `pipeline.predict.inputs`.
        name: Which model of a workspace.
        top: How many classes an image gets.
        style: As what to print.

    Returns:
        How many files there were, and how many of them failed.

    Raises:
        ModelChoiceError, ModelError: There is no such model, or it cannot be used.
        OutputError: stdout cannot be written.
    """
    folder = find_model(where, name)
    with hide_library_stderr() as stderr:
        with spinner(f"Loading {folder}", stderr):
            # TensorFlow comes with these: seconds, and what it logs.
            with quick_imports():
                from pipeline.predict.printing import print_answers
                from pipeline.predict.saved_model import LoadedModel

            model = LoadedModel(folder, top)
        counter = print_answers(model, images, style, stderr)
        conclude(counter, stderr)
    return counter


def conclude(counter: Counter, stderr: TextIO) -> None:
    """Says what a person must know in the end."""
    if not counter.done:
        print("There is no file to classify.", file=stderr)
    elif counter.failed:
        failed = f"{counter.failed:,} of {counter.done:,} files could not be classified."
        print(failed, file=stderr)
