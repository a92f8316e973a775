"""BatchNorm in inference mode, folded into the convolution before it.

With fixed statistics BatchNorm multiplies and shifts each channel, which the convolution's own kernel
and bias can do (arXiv:1712.05877, section 3.2). Keras computes both over all pixels instead; for
MobileNetV2 on a CPU that took longer than the convolutions did: 160 pictures a second of 160 pixels, and
folded 300, on 2 cores (`python -m benchmarks.parts`).
"""

from collections import Counter
from typing import Any

import keras
import tensorflow as tf

from trainer.cut import inputs_of

Convolution = keras.layers.Conv2D | keras.layers.DepthwiseConv2D | keras.layers.SeparableConv2D
_CONVOLUTIONS = (
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
)


def fold_batch_norm(model: keras.Model) -> keras.Model:
    """A model that computes in inference mode what another does, in fewer passes over the pixels.

    It shares all layers, and so the weights, of the other one: it computes with what they are when it
    is called, and gradients reach kernels, gammas and betas alike.

    Args:
        model: A functional model with one input and one output.

    Returns:
        The model, for inference mode alone; the same one where there is nothing to fold.
    """
    norm_of = _find_pairs(model)
    if not norm_of:
        return model
    folded = {id(norm) for norm in norm_of.values()}

    def choose(layer: keras.Operation) -> keras.Operation:
        norm = norm_of.get(id(layer))
        return layer if norm is None else FoldedConvolution(layer, norm)

    def call(layer: keras.Operation, *args: Any, **kwargs: Any) -> Any:
        return args[0] if id(layer) in folded else layer(*args, **kwargs)

    return keras.models.clone_model(model, clone_function=choose, call_function=call)


class FoldedConvolution(keras.layers.Layer):
    """A convolution and the BatchNorm behind it, in inference mode.

    Args:
        convolution: The convolution; its weights stay where they are.
        norm: The BatchNorm that reads its output.
    """

    def __init__(self, convolution: Convolution, norm: keras.layers.BatchNormalization) -> None:
        super().__init__(name=f"{convolution.name}_folded")
        self.convolution = convolution
        self.norm = norm

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """`[batch, height, width, channels]`, as BatchNorm puts them out."""
        scale, shift = self._scale_and_shift()
        layer = self.convolution
        options = {
            "strides": layer.strides,
            "padding": layer.padding,
            "data_format": layer.data_format,
            "dilation_rate": layer.dilation_rate,
        }
        match layer:
            case keras.layers.SeparableConv2D():
                kernel = layer.pointwise_kernel * scale
                outputs = keras.ops.separable_conv(
                    inputs, layer.depthwise_kernel, kernel, **options
                )
            case keras.layers.DepthwiseConv2D():
                kernel = layer.kernel * tf.reshape(scale, layer.kernel.shape[2:])
                outputs = keras.ops.depthwise_conv(inputs, kernel, **options)
            case _:
                outputs = keras.ops.conv(inputs, layer.kernel * scale, **options)
        # TensorFlow joins this one, and an activation behind it, with the convolution.
        return tf.nn.bias_add(outputs, shift)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The convolution's."""
        return self.convolution.compute_output_shape(input_shape)

    def _scale_and_shift(self) -> tuple[tf.Tensor, tf.Tensor]:
        """What BatchNorm does to each channel, `[channels] float32`."""
        norm = self.norm
        scale = tf.math.rsqrt(tf.convert_to_tensor(norm.moving_variance) + norm.epsilon)
        if norm.gamma is not None:
            scale *= norm.gamma
        bias = self.convolution.bias if self.convolution.use_bias else 0.0
        shift = (bias - norm.moving_mean) * scale
        if norm.beta is not None:
            shift += norm.beta
        return scale, shift


def _find_pairs(model: keras.Model) -> dict[int, keras.layers.BatchNormalization]:
    """The BatchNorm of each convolution that nothing but it reads, by the convolution's id."""
    members = {id(operation) for operation in model.operations}
    readers: Counter[int] = Counter()
    norm_of = {}
    for operation in model.operations:
        for tensor in inputs_of(operation):
            producer = tensor._keras_history.operation
            readers[id(producer)] += 1
            # A part of a network may begin between the two.
            if id(producer) in members and _can_fold(producer, operation):
                norm_of[id(producer)] = operation
    return {layer: norm for layer, norm in norm_of.items() if readers[layer] == 1}


def _can_fold(layer: keras.Operation, norm: keras.Operation) -> bool:
    return (
        isinstance(layer, _CONVOLUTIONS)
        and isinstance(norm, keras.layers.BatchNormalization)
        and layer.activation is keras.activations.linear
        and layer.data_format == "channels_last"
        and norm.axis in (-1, 3)
        # In 16 bits a folded kernel would be rounded once more.
        and layer.compute_dtype == norm.compute_dtype == "float32"
    )
