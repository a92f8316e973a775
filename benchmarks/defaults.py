"""Images and weights that lie beside the project, and options that every benchmark takes."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from benchmarks.machine import REPOSITORY
from components.errors import UserError

WEIGHTS_FILE = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.REBUILT.h5"
RESULTS = REPOSITORY / "benchmarks" / "results"


def shared_folder() -> Path:
    """Where test data and weights are: `$SHARED_DIR`, or beside the project."""
    return Path(os.environ.get("SHARED_DIR", REPOSITORY.parent / "shared"))


def data_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--data`: images that are split already."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path),
        default=lambda: shared_folder() / "data" / "cats_vs_dogs",
        show_default="SHARED_DIR/data/cats_vs_dogs",
        help="Images: train/CLASS/ and validation/CLASS/.",
    )(command)


def weights_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--weights`: of the backbone."""
    return click.option(
        "--weights",
        metavar="FILE|imagenet|none",
        default=lambda: str(shared_folder() / "weights" / WEIGHTS_FILE),
        show_default=f"SHARED_DIR/weights/{WEIGHTS_FILE}",
        help="Weights of MobileNetV2 1.0 without its top.",
    )(command)


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--config`: what our pipeline runs."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path, exists=True),
        default=REPOSITORY / "configs" / "cats_vs_dogs.yaml",
        show_default="configs/cats_vs_dogs.yaml",
        help="Configuration of our pipeline.",
    )(command)


def work_option(room: str) -> Callable[..., Any]:
    """`--work`: see `work_folder`; `room` is the disk that it needs, in words."""
    return click.option(
        "--work",
        type=click.Path(path_type=Path, file_okay=False),
        help=f"Folder for images and workspaces, outside the project; {room}. "
        "[default: beside the project]",
    )


def out_option(name: str) -> Callable[..., Any]:
    """`--out`: where results go."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path, file_okay=False),
        default=RESULTS / name,
        show_default=f"benchmarks/results/{name}",
        help="Folder of results: JSON, Markdown, plot, logs.",
    )


def set_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--set`: more settings of our pipeline."""
    return click.option(
        "--set", "overrides", metavar="PATH=VALUE", multiple=True, help="A setting of our pipeline."
    )(command)


def check_weights(weights: str) -> str:
    """The weights, as an absolute path where they are a file.

    Raises:
        UserError: There is no such file.
    """
    if weights in ("imagenet", "none"):
        return weights
    if not Path(weights).is_file():
        raise UserError(
            f"--weights: no such file: {weights}",
            "Give a file, or imagenet to let Keras download it.",
        )
    return str(Path(weights).absolute())


def work_folder(work: Path | None, name: str) -> Path:
    """Where the benchmark keeps images and workspaces: never inside the project.

    Raises:
        UserError: It lies inside the project.
    """
    beside = REPOSITORY.parent / f"{REPOSITORY.name}-bench"
    folder = (work or beside / name).absolute()
    if folder.is_relative_to(REPOSITORY):
        raise UserError(f"--work: {folder} lies inside the project", "Give a folder outside of it.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
