"""run_fn: what the TFX Trainer calls."""

import json
import tempfile
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tfx.components.trainer.fn_args_utils import FnArgs

from components.progress import report_progress
from trainer.backbones import BACKBONES, build_backbone
from trainer.cut import find_first_trainable
from trainer.export import LABELS_FILE, Classifier, export_classifier
from trainer.head import build_head, build_pooling
from trainer.input import build_parser, open_split, read_labels
from trainer.settings import ModelSettings, TrainerSettings
from trainer.stages import Network, Pictures, train_stage
from trainer.weights import load_weights

TRAINING_FILE = "training.json"


def run_fn(fn_args: FnArgs) -> None:
    """Trains every stage and exports the model.

    Args:
        fn_args: From the TFX Trainer. `custom_config` holds the sections `model` and `trainer` as
            JSON and `image_size` in pixels. Writes the SavedModel to `serving_model_dir` and
            `training.json`, what happened in each stage, to `model_run_dir`.
    """
    config: dict[str, Any] = fn_args.custom_config or {}
    model_settings = ModelSettings.model_validate_json(config["model"])
    settings = TrainerSettings.model_validate_json(config["trainer"])
    keras.utils.set_random_seed(settings.seed)
    transform = tft.TFTransformOutput(fn_args.transform_graph_path)
    transform_layer = transform.transform_features_layer()
    labels = read_labels(transform)
    network = build_network(model_settings, config["image_size"], len(labels))
    for stage in settings.stages:
        # A layer that is not there is told now, not after the stages before it.
        find_first_trainable(network.body, stage.unfreeze_from)
    tf.io.gfile.makedirs(fn_args.model_run_dir)
    with tempfile.TemporaryDirectory(
        prefix="features-", dir=_local(fn_args.model_run_dir)
    ) as cache:
        pictures = Pictures(
            open_split(fn_args.train_files, labels),
            open_split(fn_args.eval_files, labels),
            build_parser(transform_layer),
            Path(cache),
        )
        stages = [train_stage(stage, network, pictures, settings) for stage in settings.stages]
    report_progress("Trainer", "exporting")
    _export(network, transform_layer, labels, fn_args.serving_model_dir)
    _write_training(stages, fn_args.model_run_dir)


def build_network(settings: ModelSettings, image_size: int, classes: int) -> Network:
    """Puts pooling and a new head on a pretrained backbone.

    Args:
        settings: The `model` section.
        image_size: Height and width of the pictures, in pixels.
        classes: Number of classes.
    """
    backbone = build_backbone(settings.backbone, image_size, settings.alpha)
    load_weights(backbone, settings, image_size)
    pooled = build_pooling(settings.pooling)(backbone.outputs[0])
    body = keras.Model(backbone.inputs[0], pooled, name="body")
    head = build_head(settings, classes)
    head.build((None, *pooled.shape[1:]))
    return Network(body, head, BACKBONES[settings.backbone].scale)


def _export(
    network: Network, transform_layer: tf.Module, labels: tuple[str, ...], folder: str
) -> None:
    with tempfile.TemporaryDirectory() as assets:
        labels_file = Path(assets) / LABELS_FILE
        labels_file.write_text("".join(f"{label}\n" for label in labels))
        variables = [v.value for v in (*network.body.variables, *network.head.variables)]
        classifier = Classifier(network, variables, transform_layer, labels, labels_file)
        export_classifier(classifier, folder)


def _local(folder: str) -> str | None:
    """The folder, if it is on this machine: large features belong where the workspace is."""
    return None if "://" in folder else folder


def _write_training(stages: list[dict], folder: str) -> None:
    with tf.io.gfile.GFile(f"{folder}/{TRAINING_FILE}", "w") as file:
        json.dump({"stages": stages}, file, indent=2)
