"""Transfer learning as a plain Keras script: what people run instead of a pipeline.

Written from the recipe of TensorFlow's tutorial "Transfer learning and fine-tuning"
(tensorflow.org/tutorials/images/transfer_learning; `configs/recipes/tf_tutorial.yaml` has its
figures): flips and rotations, a new head for ten epochs, then layers from number 100 on up to
epoch 20, the test images, and the model on disk. The tutorial's fine-tuning has one epoch more,
since it counts epoch 10 twice; it takes its weights from Keras, and does not say how to export.

    python -m benchmarks.plain_script IMAGES OUTPUT --weights FILE
"""

import json
import os
import time
from pathlib import Path

import click


@click.command()
@click.argument("images", type=click.Path(path_type=Path))
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--weights", default="imagenet")
@click.option("--image-size", default=160)
@click.option("--head-epochs", default=10)
@click.option("--fine-tune-epochs", default=10)
@click.option("--seed", default=1)
def main(
    images: Path,
    output: Path,
    weights: str,
    image_size: int,
    head_epochs: int,
    fine_tune_epochs: int,
    seed: int,
) -> None:
    """Trains on IMAGES (train/, validation/, test/) and writes the model to OUTPUT."""
    clock = Clock()
    os.environ["TF_USE_LEGACY_KERAS"] = "0"
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    clock.lap("import")

    def read(split: str) -> tf.data.Dataset:
        return keras.utils.image_dataset_from_directory(
            images / split,
            label_mode="binary",
            shuffle=split == "train",
            batch_size=32,
            image_size=(image_size, image_size),
        ).prefetch(tf.data.AUTOTUNE)

    train, validation, test = read("train"), read("validation"), read("test")
    shape = (image_size, image_size, 3)
    base = keras.applications.MobileNetV2(
        input_shape=shape, include_top=False, weights=None if weights == "none" else weights
    )
    base.trainable = False
    inputs = keras.Input(shape)
    x = keras.layers.RandomFlip("horizontal")(inputs)
    x = keras.layers.RandomRotation(0.2)(x)
    x = keras.applications.mobilenet_v2.preprocess_input(x)
    x = base(x, training=False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(0.2)(x)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
    clock.lap("build")

    loss = keras.losses.BinaryCrossentropy()
    model.compile(keras.optimizers.Adam(1e-4), loss, metrics=["accuracy"])
    model.fit(train, epochs=head_epochs, validation_data=validation, verbose=2)
    clock.lap("head")

    base.trainable = True
    for layer in base.layers[:100]:
        layer.trainable = False
    model.compile(keras.optimizers.RMSprop(1e-5), loss, metrics=["accuracy"])
    model.fit(
        train,
        epochs=head_epochs + fine_tune_epochs,
        initial_epoch=head_epochs,
        validation_data=validation,
        verbose=2,
    )
    clock.lap("fine-tune")

    model.evaluate(test, verbose=2)
    clock.lap("evaluate")
    output.mkdir(parents=True, exist_ok=True)
    model.save(output / "model.keras")
    model.export(output / "exported", verbose=False)
    clock.lap("export")
    (output / "times.json").write_text(json.dumps(clock.laps))


class Clock:
    """Seconds of each part of the script."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        """Ends a part."""
        now = time.monotonic()
        self.laps[name] = round(now - self._last, 3)
        self._last = now


if __name__ == "__main__":
    main()
