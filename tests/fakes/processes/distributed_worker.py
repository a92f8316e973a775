"""A process that trains, alone or as one of several; test_distribution.py starts it.

    python distributed_worker.py train|lose STRATEGY,... FOLDER RESULT

FOLDER holds the images, RESULT is a new JSON file.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["TF_USE_LEGACY_KERAS"] = "0"

import keras
import numpy as np
import tensorflow as tf

from components.errors import UserError
from components.feature_keys import IMAGE, IMAGE_XF
from trainer.network.precision import precision
from trainer.stages.distributed_model import DistributedModel
from trainer.stages.distribution import build_strategy, is_chief, is_same_on_all_workers

LABELS = ("blue", "red")


def train(strategy: tf.distribute.Strategy, folder: Path) -> dict[str, Any]:
    """Trains two stages: on stored features, then on images."""
    # Here: they take seconds, and `lose` needs none of them.
    from trainer.data.augmentation import AugmentationSettings
    from trainer.data.input import build_parser, open_split
    from trainer.stages.build import Images
    from trainer.stages.checkpoint import Checkpoint
    from trainer.stages.settings import (
        OptimizerSettings,
        StageSettings,
        TrainerSettings,
    )
    from trainer.stages.train import Training, train_stages

    fast, slow = (OptimizerSettings(name="sgd", learning_rate=rate) for rate in (0.03, 0.003))
    mixup = AugmentationSettings(mixup=0.2)
    stages = (
        StageSettings(name="head", epochs=2, optimizer=fast),
        StageSettings(name="tune", freeze="conv_1", epochs=2, optimizer=slow, augmentation=mixup),
    )
    with strategy.scope():
        network = build_network()
    images = Images(
        open_split([str(folder / "train.tfrecord")], LABELS),
        open_split([str(folder / "validation.tfrecord")], LABELS),
        build_parser(_decode),
        np.asarray([1.0, 2.0], np.float32),
        folder,
    )
    # 37 images in batches of 8: the last one has 5, for two devices 3 and 2.
    settings = TrainerSettings(batch_size=8, stages=stages)
    results = train_stages(Training(network, images, settings, strategy, Checkpoint(None, "")))
    return {
        "history": [result["history"] for result in results],
        "best_epochs": [result["best_epoch"] for result in results],
        "weights": [weight.numpy().tolist() for weight in network.weights],
        "is_chief": is_chief(strategy),
        "replicas": strategy.num_replicas_in_sync,
        "overflow": overflow(strategy),
        "finds_same": [
            is_same_on_all_workers(strategy, number) for number in (7, int(is_chief(strategy)))
        ],
    }


def build_network() -> Any:
    """A small `Network`; without dropout, which no two ways to share out a batch draw alike."""
    from trainer.network.head import build_head
    from trainer.network.network import Network
    from trainer.network.settings import ModelSettings

    keras.utils.set_random_seed(7)
    inputs = keras.Input((8, 8, 3))
    outputs = inputs
    for index, filters in enumerate((4, 8)):
        outputs = keras.layers.Conv2D(filters, 3, 2, "same", name=f"conv_{index}")(outputs)
        outputs = keras.layers.BatchNormalization(name=f"bn_{index}")(outputs)
        outputs = keras.layers.ReLU(name=f"relu_{index}")(outputs)
    pooled = keras.layers.GlobalAveragePooling2D(name="pooling")(outputs)
    head = build_head(ModelSettings(dropout=0, batch_norm=True), 8, len(LABELS))
    return Network(keras.Model(inputs, pooled, name="body"), head, "tf")


def overflow(strategy: tf.distribute.Strategy) -> dict[str, Any]:
    """Makes a step in float16 whose gradients overflow in the second half of the batch only."""
    with precision("mixed_float16"), strategy.scope():
        inputs = keras.Input((2,))
        layer = keras.layers.Dense(2, kernel_initializer="ones")
        model = DistributedModel(
            inputs, keras.layers.Activation("linear", dtype="float32")(layer(inputs))
        )
        loss = keras.losses.MeanSquaredError()
        model.compile(keras.optimizers.SGD(1e-3), loss=loss, jit_compile=False)
    rows = np.asarray([[0.1, 0.1], [0.1, 0.1], [3e4, 1.0], [3e4, 1.0]], np.float32)
    model.fit(_batches(rows), verbose=0)
    after_overflow = layer.kernel.numpy().tolist()
    model.fit(_batches(np.minimum(rows, 0.1)), verbose=0)
    return {
        "after_overflow": after_overflow,
        "after_step": layer.kernel.numpy().tolist(),
        "scale": float(model.optimizer.dynamic_scale.numpy()),
    }


def lose(strategy: tf.distribute.Strategy) -> dict[str, Any]:
    """Trains until the other worker dies; that is what the one that is not chief does."""
    with strategy.scope():
        inputs = keras.Input((2,))
        model = DistributedModel(inputs, keras.layers.Dense(2)(inputs))
        model.compile(keras.optimizers.SGD(), loss="mse", jit_compile=False)
    batches = _batches(np.ones((4, 2), np.float32))
    model.fit(batches, verbose=0)
    if not is_chief(strategy):
        os._exit(9)
    try:
        model.fit(batches, verbose=0)
    except UserError as error:
        return {"message": error.message, "hint": error.hint}
    return {}


def _batches(rows: np.ndarray) -> tf.data.Dataset:
    weights = np.ones(len(rows), np.float32)
    return tf.data.Dataset.from_tensor_slices((rows, rows, weights)).batch(len(rows))


def _decode(features: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Does what a Transform graph does."""
    images = tf.map_fn(
        lambda contents: tf.cast(tf.io.decode_png(contents, channels=3), tf.float32) / 127.5 - 1,
        tf.reshape(features[IMAGE], [-1]),
        fn_output_signature=tf.float32,
    )
    return {IMAGE_XF: tf.ensure_shape(images, [None, 8, 8, 3])}


def main(task: str, names: str, folder: str, result: str) -> None:
    """Does a task with each of some strategies, named with commas between."""
    if "mirrored" in names:
        halves = [tf.config.LogicalDeviceConfiguration()] * 2
        [cpu] = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(cpu, halves)
    results = {}
    for name in names.split(","):
        strategy = build_strategy(name)  # type: ignore[arg-type]
        results[name] = lose(strategy) if task == "lose" else train(strategy, Path(folder))
    Path(result).write_text(json.dumps(results))


if __name__ == "__main__":
    main(*sys.argv[1:])
