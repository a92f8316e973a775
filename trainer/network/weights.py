"""Where a backbone's pretrained weights come from."""

import contextlib
import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from components.errors import UserError
from trainer.bundled import LETTERS_WEIGHTS

if TYPE_CHECKING:
    import keras

    from trainer.network.settings import ModelSettings


_KERAS_FALLBACK = Path("/tmp/.keras")
"""Where Keras looks for files instead of a cache that it cannot write to."""


class WeightsError(UserError):
    """Pretrained weights are not available, or do not fit the backbone."""


def load_weights(backbone: "keras.Model", settings: "ModelSettings", image_size: int) -> None:
    """Loads pretrained weights into a backbone.

    Args:
        backbone: As `build_backbone` returns it; changed in place.
        settings: `weights` is `none`, `bundled`, `imagenet` or the path of a Keras weights file
            (`.h5` as Keras publishes them, or `.weights.h5`).
        image_size: Height and width of the backbone's input, in pixels.

    Raises:
        WeightsError: The file is missing, is not a weights file, or fits another backbone; or
            `imagenet` is neither downloadable nor in Keras' cache.
    """
    from trainer.network.normalization import square_published_deviations

    if settings.weights == "none":
        return
    if settings.weights == "imagenet":
        backbone.set_weights(_build_imagenet(settings, image_size).get_weights())
    else:
        _load_file(backbone, settings)
    square_published_deviations(backbone, is_imagenet=settings.weights == "imagenet")


def _load_file(backbone: "keras.Model", settings: "ModelSettings") -> None:
    file = _weights_file(settings)
    try:
        backbone.load_weights(file)
    except (ValueError, OSError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        alpha = f" with alpha {settings.alpha:g}" if settings.alpha else ""
        top = "with" if settings.include_top else "without"
        variant = "with its top" if settings.include_top else "in its 'no_top' variant"
        raise WeightsError(
            f"model.weights: {file} does not fit {settings.backbone}{alpha} {top} its top: "
            f"{reason}",
            hint=f"Give the weights file of exactly this backbone, {variant}.",
        ) from error


def fingerprint_weights(settings: "ModelSettings") -> str:
    """SHA-256 of the weights file, so that other contents under the same name are noticed.

    Empty for `none` and for `imagenet`, which Keras verifies itself.
    """
    if settings.weights in ("none", "imagenet"):
        return ""
    return hashlib.sha256(_weights_file(settings).read_bytes()).hexdigest()


def _weights_file(settings: "ModelSettings") -> Path:
    file = LETTERS_WEIGHTS if settings.weights == "bundled" else Path(settings.weights)
    if not file.is_file():
        raise WeightsError(f"model.weights: no such file: {file.absolute()}")
    return file


def _build_imagenet(settings: "ModelSettings", image_size: int) -> "keras.Model":
    """The backbone with ImageNet weights, from Keras' cache or its download."""
    from trainer.network.backbones import BACKBONES, build_backbone

    _link_read_only_cache()
    try:
        # With their top, Keras loads these weights at one size only. They fit any other size
        # unless the top flattens the feature map.
        size = BACKBONES[settings.backbone].image_size if settings.include_top else image_size
        return build_backbone(
            settings.backbone,
            size,
            settings.alpha,
            include_top=settings.include_top,
            weights="imagenet",
        )
    except Exception as error:
        # Keras reports a failed download as a bare Exception that names the file's address.
        message = str(error).strip().splitlines()[0]
        address = re.search(r"https?://\S+\.h5", message)
        if "URL fetch failure" not in message or not address:
            raise WeightsError(f"model.weights: imagenet: {message}") from error
        raise WeightsError(
            f"model.weights: the ImageNet weights of {settings.backbone} could not be downloaded "
            "and are not in Keras' cache",
            hint=f"Get {address[0]} where there is a network, and put it into ~/.keras/models (or "
            "$KERAS_HOME/models) here, or set model.weights to the path of that file.",
        ) from error


def _link_read_only_cache() -> None:
    """Links the weights of a read-only cache, as in a container image, to Keras' fallback.

    `keras.utils.get_file` reads no file from a cache that it cannot write to: it downloads to
    /tmp/.keras instead.
    """
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    weights = home / "models"
    if os.access(home, os.W_OK) or not weights.is_dir():
        return
    (_KERAS_FALLBACK / "models").mkdir(parents=True, exist_ok=True)
    for file in weights.iterdir():
        with contextlib.suppress(FileExistsError):
            (_KERAS_FALLBACK / "models" / file.name).symlink_to(file)
