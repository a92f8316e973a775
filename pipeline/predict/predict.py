"""`predict`: predictions of a pushed model, as text, CSV or JSON lines."""

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
    model_path: Path, images: Sequence[str], name: str | None, top: int, style: "Style"
) -> Counter:
    """Predicts images and prints each prediction as soon as it is made, in the order of the images.

    Returns the number of files, and of failures. See `pipeline.predict.find_model` for `model_path`
    and `name`, `pipeline.predict.inputs` for `images`.

    Raises:
        ModelChoiceError, ModelError: The model does not exist or cannot be used.
        OutputError: stdout cannot be written.
    """
    folder = find_model(model_path, name)
    with hide_library_stderr() as stderr:
        with spinner(f"Loading {folder}", stderr):
            # These import TensorFlow, which takes seconds.
            with quick_imports():
                from pipeline.predict.printing import print_predictions
                from pipeline.predict.saved_model import LoadedModel

            model = LoadedModel(folder, top)
        counter = print_predictions(model, images, style, stderr)
        print_summary(counter, stderr)
    return counter


def print_summary(counter: Counter, stderr: TextIO) -> None:
    """Prints a final line if there were no files, or if some failed."""
    if not counter.done:
        print("There are no files to classify.", file=stderr)
    elif counter.failed:
        failed = f"{counter.failed:,} of {counter.done:,} files could not be classified."
        print(failed, file=stderr)
