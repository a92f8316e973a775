"""A pretrained network without training: the ImageNet classes that it predicts for an image."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from components.errors import UserError
from trainer.network.backbones import BACKBONES, build_backbone
from trainer.network.weights import load_weights

if TYPE_CHECKING:
    import tensorflow as tf

    from trainer.network.settings import ModelSettings

IMAGENET_CLASSES = 1000
_CONNECT_SECONDS = 10.0


class ImageSizeError(UserError):
    """The network does not take images of that size."""


class ClassNamesError(UserError):
    """The names of the ImageNet classes are not available."""


@dataclass(frozen=True)
class PredictedClass:
    """The index among ImageNet's classes, 0 to 999, and its predicted probability, 0 to 1."""

    index: int
    probability: float


@dataclass(frozen=True)
class ClassifiedImage:
    """An image and its most likely classes, the most likely first."""

    path: Path
    classes: tuple[PredictedClass, ...]


@dataclass(frozen=True)
class UnreadableFile:
    """A file that could not be classified, and the reason."""

    path: Path
    reason: str


def build_classifier(
    settings: "ModelSettings", image_size: int | None = None
) -> "Callable[[tf.Tensor], tf.Tensor]":
    """The pretrained network with its own top, after decoding, resizing and scaling.

    Args:
        settings: `backbone`, `alpha` and `weights`; `include_top` must be set.
        image_size: Height and width that images are resized to, in pixels; None is the size
            that the backbone was trained at.

    Returns:
        A function from a file's bytes, `[] string`, to probabilities `[1000] float32`.

    Raises:
        ImageSizeError: The network does not take that size.
        WeightsError: See `load_weights`.
    """
    import tensorflow as tf

    from components.transform.preprocessing import load_image

    size = _choose_size(settings.backbone, image_size)
    network = build_backbone(settings.backbone, size, settings.alpha, include_top=True)
    load_weights(network, settings, size)
    scale = BACKBONES[settings.backbone].scale

    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
    def probabilities(contents: tf.Tensor) -> tf.Tensor:
        image = load_image(contents, image_size=size, interpolation="bilinear", scale=scale)
        return network(image[tf.newaxis], training=False)[0]

    return probabilities


def classify_file(
    network: "Callable[[tf.Tensor], tf.Tensor]", file: Path, top: int
) -> ClassifiedImage | UnreadableFile:
    """The `top` classes of an image; of frames or pages, the first is classified."""
    import tensorflow as tf

    from components import storage
    from components.images.check import Rejected, check_image, check_size
    from components.images.convert import decodable
    from components.images.limits import ImageLimits

    limits = ImageLimits()
    try:
        fault = check_size(storage.file_facts(str(file)).bytes, limits)
        contents = b"" if fault else storage.read_bytes(str(file))
    except FileNotFoundError:
        return UnreadableFile(file, "there is no such file")
    except IsADirectoryError:
        return UnreadableFile(file, f"is a folder; name the images in it, as {file}/*.jpg")
    except OSError as error:
        return UnreadableFile(file, error.strerror or str(error))
    verdict = fault or check_image(contents, limits)
    if isinstance(verdict, Rejected):
        return UnreadableFile(file, verdict.message)
    scores = network(tf.constant(decodable(contents))).numpy()
    most_likely = np.argsort(-scores, kind="stable")[:top]
    return ClassifiedImage(
        file, tuple(PredictedClass(int(i), float(scores[i])) for i in most_likely)
    )


def load_class_names() -> tuple[str, ...]:
    """The names of the ImageNet classes, by index, from Keras' cache or its download.

    Raises:
        ClassNamesError: They are not in the cache and cannot be downloaded.
    """
    import keras

    default_timeout = socket.getdefaulttimeout()
    # Keras sets no timeout, and behind a firewall a connection may hang for minutes.
    socket.setdefaulttimeout(_CONNECT_SECONDS)
    try:
        rows = keras.applications.imagenet_utils.decode_predictions(
            np.eye(IMAGENET_CLASSES, dtype=np.float32), top=1
        )
    except Exception as error:
        # Keras reports a failed download as a bare Exception that names the file's address.
        message = str(error).strip().splitlines()[0]
        is_offline = "URL fetch failure" in message
        reason = "could not be downloaded" if is_offline else f"cannot be read: {message}"
        raise ClassNamesError(
            f"The names of the ImageNet classes are not in Keras' cache and {reason}",
            hint="Put imagenet_class_index.json into ~/.keras/models (or $KERAS_HOME/models).",
        ) from error
    finally:
        socket.setdefaulttimeout(default_timeout)
    return tuple(name for [(_, name, _)] in rows)


def _choose_size(backbone: str, image_size: int | None) -> int:
    row = BACKBONES[backbone]
    if image_size is None:
        return row.image_size
    if row.has_dense_top and image_size != row.image_size:
        raise ImageSizeError(
            f"{backbone} with its top takes images of {row.image_size} pixels only; "
            f"received {image_size}"
        )
    if image_size < row.min_image_size:
        raise ImageSizeError(
            f"{backbone} needs images of at least {row.min_image_size} pixels; "
            f"received {image_size}"
        )
    return image_size
