"""A network in inference mode, with each BatchNorm folded into the convolution before it.

With fixed statistics BatchNorm multiplies and shifts each channel, which the convolution's own
kernel and bias can do (arXiv:1712.05877, section 3.2). Keras does both over all pixels instead, and
TensorFlow then fuses neither them nor the activation with the convolution: half of the time that
MobileNetV2 takes on a CPU (`python -m benchmarks.parts` measures it).
"""

from collections import Counter
from typing import Any

import keras
import tensorflow as tf

from trainer.network.freezing import inputs_of

_OPERATIONS = {
    keras.layers.Conv2D: keras.ops.conv,
    keras.layers.DepthwiseConv2D: keras.ops.depthwise_conv,
    keras.layers.SeparableConv2D: keras.ops.separable_conv,
}


def fold_batch_norm(model: keras.Model, *, is_final: bool = False) -> keras.Model:
    """A model that computes in inference mode what another does, in fewer passes over the pixels.

    It shares the layers that it leaves alone, and their weights.

    Args:
        model: A functional model with one input and one output.
        is_final: Whether the weights have their last values: kernels are folded once, into
            convolutions with variables of their own. Otherwise they are folded again in each
            call, and gradients reach kernels, gammas and betas alike.

    Returns:
        A model for inference mode only; the same one where there is nothing to fold.
    """
    norm_of = _find_pairs(model)
    if not norm_of:
        return model
    folded = {id(norm) for norm in norm_of.values()}
    final: dict[int, keras.layers.Layer] = {}

    def choose(layer: keras.Operation) -> keras.Operation:
        norm = norm_of.get(id(layer))
        if norm is None:
            return layer
        if not is_final:
            return FoldedConvolution(layer, norm)
        config = {**layer.get_config(), "use_bias": True}
        return final.setdefault(id(layer), type(layer).from_config(config))

    def call(layer: keras.Operation, *args: Any, **kwargs: Any) -> Any:
        return args[0] if id(layer) in folded else layer(*args, **kwargs)

    clone = keras.models.clone_model(model, clone_function=choose, call_function=call)
    for layer in model.layers:
        if id(layer) in final:
            kernels, bias = _fold(layer, norm_of[id(layer)])
            final[id(layer)].set_weights([*kernels, bias])
    return clone


class InferenceMode(keras.layers.Layer):
    """Runs a part of the network in inference mode, also while `fit` trains it.

    `part(inputs, training=False)` in a functional model has no effect: Keras 3.12's `fit` passes
    its own `training=True` down to every node of the graph, and BatchNorm would lose its pretrained
    statistics.

    The part's weights are shared and stay trainable.
    """

    def __init__(self, part: keras.Model):
        super().__init__(name=f"{part.name}_in_inference_mode")
        self.part = fold_batch_norm(part)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The part's output."""
        return self.part(inputs, training=False)


class FoldedConvolution(keras.layers.Layer):
    """A convolution and the BatchNorm after it, in inference mode; shares the former's weights."""

    def __init__(
        self, convolution: keras.layers.Layer, norm: keras.layers.BatchNormalization
    ) -> None:
        super().__init__(name=f"{convolution.name}_folded")
        self.convolution = convolution
        self.norm = norm

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """BatchNorm's output, `[batch, height, width, channels] float32`."""
        kernels, bias = _fold(self.convolution, self.norm)
        outputs = _OPERATIONS[type(self.convolution)](
            inputs,
            *kernels,
            strides=self.convolution.strides,
            padding=self.convolution.padding,
            data_format=self.convolution.data_format,
            dilation_rate=self.convolution.dilation_rate,
        )
        # TensorFlow fuses this one, and an activation after it, with the convolution.
        return tf.nn.bias_add(outputs, bias)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The convolution's."""
        return self.convolution.compute_output_shape(input_shape)


def _fold(
    convolution: keras.layers.Layer, norm: keras.layers.BatchNormalization
) -> tuple[list[tf.Tensor], tf.Tensor]:
    """Kernels and bias, `[channels] float32`, that compute what both layers do."""
    scale = tf.math.rsqrt(tf.convert_to_tensor(norm.moving_variance) + norm.epsilon)
    if norm.gamma is not None:
        scale *= norm.gamma
    bias = ((convolution.bias if convolution.use_bias else 0.0) - norm.moving_mean) * scale
    if norm.beta is not None:
        bias += norm.beta
    if type(convolution) is keras.layers.SeparableConv2D:
        return [convolution.depthwise_kernel, convolution.pointwise_kernel * scale], bias
    if type(convolution) is keras.layers.DepthwiseConv2D:
        # Two axes of its kernel make its channels: the input's channels, and the multiplier.
        scale = tf.reshape(scale, convolution.kernel.shape[2:])
    return [convolution.kernel * scale], bias


def _find_pairs(model: keras.Model) -> dict[int, keras.layers.BatchNormalization]:
    """The BatchNorm of each convolution that nothing else reads, by the convolution's id."""
    members = {id(operation) for operation in model.operations}
    readers: Counter[int] = Counter()
    norm_of = {}
    for operation in model.operations:
        for tensor in inputs_of(operation):
            producer = tensor._keras_history.operation
            readers[id(producer)] += 1
            # A part of a network may start between the two.
            if id(producer) in members and _can_fold(producer, operation):
                norm_of[id(producer)] = operation
    return {layer: norm for layer, norm in norm_of.items() if readers[layer] == 1}


def _can_fold(layer: keras.Operation, norm: keras.Operation) -> bool:
    return (
        type(layer) in _OPERATIONS
        and isinstance(norm, keras.layers.BatchNormalization)
        and layer.activation is keras.activations.linear
        and layer.data_format == "channels_last"
        and norm.axis in (-1, 3)
        # In 16 bits a folded kernel would be rounded a second time.
        and layer.compute_dtype == norm.compute_dtype == "float32"
    )
