"""`classify`: predictions of a pretrained network without further training, as text or JSON."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from pydantic import ValidationError
from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner

from components.printable import encodable, printable
from components.quick_imports import quick_imports
from components.tensorflow_environment import prepare_tensorflow
from pipeline.config.errors import ConfigError, Problem, find_problems
from pipeline.console.stderr import hide_library_stderr
from trainer.classify import (
    ClassifiedImage,
    ClassNamesError,
    UnreadableFile,
    build_classifier,
    classify_file,
    load_class_names,
)
from trainer.network.settings import NAMED_WEIGHTS, ModelSettings


def check_network(backbone: str, weights: str, alpha: float | None) -> ModelSettings:
    """Checks the options that choose the network; `weights` is `imagenet`, or a weights file.

    Raises:
        ConfigError: There is no such backbone or file, or they do not fit together; the path of
            each problem is the name of the option.
    """
    if weights != "imagenet" and (weights in NAMED_WEIGHTS or not Path(weights).is_file()):
        message = f'received "{weights}", which is not a file; allowed: imagenet, or a weights file'
        raise ConfigError([Problem("--weights", message)])
    tree = {"backbone": backbone, "weights": weights, "alpha": alpha, "include_top": True}
    try:
        return ModelSettings.model_validate(tree)
    except ValidationError as error:
        found = find_problems(ModelSettings, tree, error)
        raise ConfigError(
            [Problem(f"--{p.path}" if p.path else "", p.message) for p in found]
        ) from None


def classify_images(
    settings: ModelSettings,
    image_size: int | None,
    images: Sequence[Path],
    top: int,
    *,
    as_json: bool,
) -> int:
    """Classifies images, prints each result as soon as it is known, and counts failures.

    stderr has the reason of each failure. Images are resized to `image_size` pixels, the backbone's
    default where it is None.

    Raises:
        ImageSizeError, WeightsError: See `trainer.classify.build_classifier`.
    """
    prepare_tensorflow(os.environ)
    failed = 0
    with hide_library_stderr() as stderr:
        with _spinner(f"Loading {settings.backbone}", stderr):
            with quick_imports():
                import keras

            # Keras shows downloads on stdout.
            keras.config.disable_interactive_logging()
            network = build_classifier(settings, image_size)
        names = _load_names(stderr)
        for file in images:
            result = classify_file(network, file, top)
            failed += isinstance(result, UnreadableFile)
            if as_json:
                print(json.dumps(_record(result, names)), flush=True)
            _show(result, names, stderr, is_table=not as_json)
        if failed:
            print(f"{failed} of {len(images)} files could not be classified.", file=stderr)
    return failed


def _spinner(text: str, stderr: TextIO) -> Live:
    """A spinner on a terminal; nothing elsewhere."""
    return Live(
        Spinner("dots", text),
        console=Console(file=stderr),
        transient=True,
        # Otherwise rich would show other output to stderr above it.
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _load_names(stderr: TextIO) -> tuple[str, ...] | None:
    try:
        return load_class_names()
    except ClassNamesError as error:
        print(f"{error.message}; classes are shown by their index. {error.hint}", file=stderr)
        return None


def _show(
    result: ClassifiedImage | UnreadableFile,
    names: tuple[str, ...] | None,
    stderr: TextIO,
    is_table: bool,
) -> None:
    if isinstance(result, UnreadableFile):
        print(printable(f"{result.path}: {result.reason}"), file=stderr)
    elif is_table:
        console = Console(highlight=False, markup=False, soft_wrap=True)
        console.print(printable(str(result.path)), style="bold")
        for one in result.classes:
            name = f"{printable(names[one.index])} ({one.index})" if names else f"class {one.index}"
            console.print(f" {100 * one.probability:5.1f} %  {name}")


def _record(
    result: ClassifiedImage | UnreadableFile, names: tuple[str, ...] | None
) -> dict[str, Any]:
    if isinstance(result, UnreadableFile):
        return {"path": encodable(str(result.path)), "error": encodable(result.reason)}
    classes = [
        {
            "index": one.index,
            "name": names[one.index] if names else None,
            "probability": one.probability,
        }
        for one in result.classes
    ]
    return {"path": encodable(str(result.path)), "classes": classes}
