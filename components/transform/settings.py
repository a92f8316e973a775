"""The `transform` section: what an image becomes before the backbone sees it."""

from typing import Annotated, Literal

from pydantic import Field

from components.settings import Settings


class TransformSettings(Settings):
    """Decode, resize, scale: the same graph in training, evaluation and serving."""

    image_size: Annotated[int, Field(ge=32, le=2048)] | None = None
    """Height and width that images are resized to, in pixels; empty takes the backbone's own."""
    interpolation: Literal["bilinear", "nearest", "bicubic", "area", "lanczos3"] = "bilinear"
    """How pixels are interpolated (tf.image.resize); bilinear is what Keras' pipelines use."""
