"""The whole network: a pretrained backbone, and the new head on top of it."""

import difflib
from dataclasses import dataclass, replace

import keras
import tensorflow as tf

from components.errors import UserError
from trainer.network.backbones import BACKBONES, build_backbone
from trainer.network.folding import fold_batch_norm
from trainer.network.head import build_head, build_pooling
from trainer.network.settings import ModelSettings
from trainer.network.weights import load_weights


@dataclass(frozen=True)
class Network:
    """The whole model, without its softmax.

    Attributes:
        body: Backbone and pooling, `[batch, height, width, 3] float32` to `[batch, features]`.
        head: Features to logits `[batch, classes] float32`.
        scale: How the backbone's pixels are scaled.
        temperature: What the head's logits are divided by, see `trainer.calibration`.
    """

    body: keras.Model
    head: keras.Model
    scale: str
    temperature: float = 1.0

    def for_serving(self) -> "Network":
        """The same network with fewer weights and operations, for inference only."""
        return replace(self, body=fold_batch_norm(self.body, is_final=True))

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Logits of scaled images, in inference mode."""
        logits = self.head(self.body(images, training=False), training=False)
        return logits if self.temperature == 1 else logits / self.temperature

    @property
    def weights(self) -> list[keras.Variable]:
        """All weights in a fixed order: the body's, then the head's."""
        return [*self.body.weights, *self.head.weights]


def build_network(settings: ModelSettings, image_size: int, classes: int) -> Network:
    """Adds pooling and a new head to a pretrained backbone.

    Raises:
        UserError: The backbone has no such output layer, or a sigmoid gets other than two classes.
        WeightsError: See `load_weights`.
    """
    if settings.activation == "sigmoid" and classes != 2:
        raise UserError(
            f"model.activation: sigmoid is for two classes; there are {classes}",
            hint="Set model.activation to softmax.",
        )
    body = build_body(settings, image_size)
    head = build_head(settings, body.outputs[0].shape[-1], classes)
    return Network(body, head, BACKBONES[settings.backbone].scale)


def build_body(settings: ModelSettings, image_size: int) -> keras.Model:
    """The part of a network that comes before its head: backbone, with its weights, and pooling.

    Raises:
        UserError: The backbone has no such output layer.
        WeightsError: See `load_weights`.
    """
    backbone = build_backbone(
        settings.backbone, image_size, settings.alpha, include_top=settings.include_top
    )
    load_weights(backbone, settings, image_size)
    output = _find_output(backbone, settings)
    vector = output if len(output.shape) == 2 else build_pooling(settings.pooling)(output)
    return keras.Model(backbone.inputs[0], vector, name="body")


def _find_output(backbone: keras.Model, settings: ModelSettings) -> keras.KerasTensor:
    """The backbone's tensor that the head reads."""
    name = settings.output_layer
    if name is None:
        return _input_of_classifier(backbone) if settings.include_top else backbone.outputs[0]
    names = [layer.name for layer in backbone.layers]
    if name not in names:
        close = difflib.get_close_matches(name, names, n=5, cutoff=0.3) or names[-5:]
        raise UserError(
            f"model.output_layer: {settings.backbone} has no layer {name!r}",
            hint=f"Allowed is any of its {len(names)} layers, such as {', '.join(close)}.",
        )
    return backbone.get_layer(name).output


def _input_of_classifier(backbone: keras.Model) -> keras.KerasTensor:
    """What the last layer with weights reads; those after it are reshaping and the softmax."""
    classifier = next(layer for layer in reversed(backbone.layers) if layer.weights)
    return classifier.input
