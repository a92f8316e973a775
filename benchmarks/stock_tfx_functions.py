"""preprocessing_fn and run_fn of the stock TFX way, as TFX's image examples have them."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tfx.components.trainer.fn_args_utils import FnArgs
from tfx_bsl.public import tfxio

_IMAGE, _LABEL = "image", "label"


def preprocessing_fn(
    inputs: Mapping[str, tf.Tensor], custom_config: Mapping[str, Any]
) -> dict[str, tf.Tensor]:
    """Decodes, resizes and scales; Transform stores what comes out.

    Args:
        inputs: `image`, `[batch, 1] string`, and `label`, `[batch, 1] int64`.
        custom_config: `image_size`, in pixels.

    Returns:
        `image_xf`, `[batch, image_size, image_size, 3] float32` in [-1, 1], and `label_xf`.
    """
    size = custom_config["image_size"]

    def load(contents: tf.Tensor) -> tf.Tensor:
        image = tf.io.decode_image(contents[0], channels=3, expand_animations=False)
        image.set_shape([None, None, 3])
        return tf.image.resize(image, [size, size])

    images = tf.map_fn(
        load, inputs[_IMAGE], fn_output_signature=tf.TensorSpec([size, size, 3], tf.float32)
    )
    return {"image_xf": images / 127.5 - 1.0, "label_xf": inputs[_LABEL]}


def run_fn(fn_args: FnArgs) -> None:
    """Trains as the plain script does, and writes a SavedModel that takes tf.Examples.

    Args:
        fn_args: From the Trainer. `custom_config` holds the options of `benchmarks.stock_tfx`.
    """
    config: dict[str, Any] = fn_args.custom_config or {}
    keras.utils.set_random_seed(config["seed"])
    transform = tft.TFTransformOutput(fn_args.transform_output)

    def read(patterns: list[str], *, is_training: bool) -> tf.data.Dataset:
        options = tfxio.TensorFlowDatasetOptions(
            batch_size=32, num_epochs=1, shuffle=is_training, label_key="label_xf"
        )
        return fn_args.data_accessor.tf_dataset_factory(
            patterns, options, transform.transformed_metadata.schema
        ).map(lambda features, labels: (features["image_xf"], labels))

    train = read(fn_args.train_files, is_training=True)
    validation = read(fn_args.eval_files, is_training=False)
    shape = (config["image_size"], config["image_size"], 3)
    weights = None if config["weights"] == "none" else config["weights"]
    base = keras.applications.MobileNetV2(input_shape=shape, include_top=False, weights=weights)
    base.trainable = False
    inputs = keras.Input(shape)
    x = keras.layers.GlobalAveragePooling2D()(base(inputs, training=False))
    x = keras.layers.Dropout(0.2)(x)
    network = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
    augmentation = [keras.layers.RandomFlip("horizontal"), keras.layers.RandomRotation(0.2)]
    # Around the network, not in it: random layers do not survive tf.saved_model.save.
    model = keras.Sequential([keras.Input(shape), *augmentation, network])

    loss = keras.losses.BinaryCrossentropy()
    head_epochs = config["head_epochs"]
    model.compile(keras.optimizers.Adam(1e-4), loss, metrics=["accuracy"])
    model.fit(train, epochs=head_epochs, validation_data=validation, verbose=2)
    base.trainable = True
    for layer in base.layers[:100]:
        layer.trainable = False
    model.compile(keras.optimizers.RMSprop(1e-5), loss, metrics=["accuracy"])
    model.fit(
        train,
        epochs=head_epochs + config["fine_tune_epochs"],
        initial_epoch=head_epochs,
        validation_data=validation,
        verbose=2,
    )
    _export(network, transform, fn_args.serving_model_dir)


def _export(network: keras.Model, transform: tft.TFTransformOutput, folder: str) -> None:
    served = tf.Module()
    served.transform_layer = transform.transform_features_layer()
    served.network_variables = [weight.value for weight in network.weights]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serving_default(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        parsed = tf.io.parse_example(examples, {_IMAGE: tf.io.FixedLenFeature([1], tf.string)})
        images = served.transform_layer(parsed)["image_xf"]
        return {"outputs": network(images, training=False)}

    tf.saved_model.save(served, folder, signatures={"serving_default": serving_default})
