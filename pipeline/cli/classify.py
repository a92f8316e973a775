"""The command `classify`."""

from collections.abc import Sequence
from pathlib import Path

import click

from pipeline.exit_codes import FAILED


@click.command(short_help="Label images with a pretrained network as it is.")
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
