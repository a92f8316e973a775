"""The table of backbones: every model of `keras.applications`, how it is scaled and sized."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import keras

Scale = Literal["tf", "torch", "caffe", "raw"]


@dataclass(frozen=True)
class Backbone:
    """One row of the table.

    Attributes:
        scale: How its input is scaled: a `mode` of
            `keras.applications.imagenet_utils.preprocess_input`, or `raw`, RGB in [0, 255].
        image_size: Height and width that it was trained at, in pixels.
        min_image_size: Smallest height and width that it accepts without its top, in pixels.
        has_alpha: Whether it takes a width multiplier.
        has_dense_top: Whether its own top flattens the feature map, and so needs `image_size`.
    """

    scale: Scale
    image_size: int = 224
    min_image_size: int = 32
    has_alpha: bool = False
    has_dense_top: bool = False


# Scales, default and minimum sizes as in each model's own module of keras.applications (3.12).
BACKBONES: dict[str, Backbone] = {
    "MobileNet": Backbone("tf", has_alpha=True),
    "MobileNetV2": Backbone("tf", has_alpha=True),
    "MobileNetV3Small": Backbone("raw", has_alpha=True),
    "MobileNetV3Large": Backbone("raw", has_alpha=True),
    "EfficientNetB0": Backbone("raw"),
    "EfficientNetB1": Backbone("raw", 240),
    "EfficientNetB2": Backbone("raw", 260),
    "EfficientNetB3": Backbone("raw", 300),
    "EfficientNetB4": Backbone("raw", 380),
    "EfficientNetB5": Backbone("raw", 456),
    "EfficientNetB6": Backbone("raw", 528),
    "EfficientNetB7": Backbone("raw", 600),
    "EfficientNetV2B0": Backbone("raw"),
    "EfficientNetV2B1": Backbone("raw", 240),
    "EfficientNetV2B2": Backbone("raw", 260),
    "EfficientNetV2B3": Backbone("raw", 300),
    "EfficientNetV2S": Backbone("raw", 384),
    "EfficientNetV2M": Backbone("raw", 480),
    "EfficientNetV2L": Backbone("raw", 480),
    "ConvNeXtTiny": Backbone("raw"),
    "ConvNeXtSmall": Backbone("raw"),
    "ConvNeXtBase": Backbone("raw"),
    "ConvNeXtLarge": Backbone("raw"),
    "ConvNeXtXLarge": Backbone("raw"),
    "DenseNet121": Backbone("torch"),
    "DenseNet169": Backbone("torch"),
    "DenseNet201": Backbone("torch"),
    "InceptionV3": Backbone("tf", 299, 75),
    "InceptionResNetV2": Backbone("tf", 299, 75),
    "Xception": Backbone("tf", 299, 71),
    "NASNetMobile": Backbone("tf"),
    "NASNetLarge": Backbone("tf", 331),
    "ResNet50": Backbone("caffe"),
    "ResNet101": Backbone("caffe"),
    "ResNet152": Backbone("caffe"),
    "ResNet50V2": Backbone("tf"),
    "ResNet101V2": Backbone("tf"),
    "ResNet152V2": Backbone("tf"),
    "VGG16": Backbone("caffe", has_dense_top=True),
    "VGG19": Backbone("caffe", has_dense_top=True),
}


def build_backbone(
    name: str,
    image_size: int,
    alpha: float | None = None,
    *,
    include_top: bool = False,
    weights: str | None = None,
) -> "keras.Model":
    """Builds a backbone.

    Args:
        name: A name of the table.
        image_size: Height and width of its input, in pixels.
        alpha: Width multiplier, for backbones that have one.
        include_top: Whether to keep its own classifier.
        weights: `imagenet`; None for random weights.

    Returns:
        A model from `[batch, image_size, image_size, 3] float32` to a feature map
        `[batch, height, width, channels] float32`; with its top, to the probabilities of the
        ImageNet classes, `[batch, 1000] float32`.
    """
    import keras

    build = getattr(keras.applications, name)
    width = {"alpha": alpha} if alpha is not None else {}
    return build(
        include_top=include_top,
        weights=weights,
        input_shape=(image_size, image_size, 3),
        **width,
    )
