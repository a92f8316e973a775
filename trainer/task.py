"""`run_fn`, which the TFX Trainer calls."""

import contextlib
import hashlib
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from tfx.components.trainer.fn_args_utils import FnArgs

from components.evaluator.gate.training_images import (
    ImageIds,
    read_training_images,
    write_training_images,
)
from components.progress import report_note, report_progress
from components.serving_check.reference import REFERENCE_FILE
from trainer.calibration import calibrate
from trainer.data.class_weights import find_class_weights
from trainer.data.input import (
    build_parser,
    choose_inference_batch_size,
    open_split,
    read_labels,
)
from trainer.export import export_network, parent_folder
from trainer.network.network import Network, build_network
from trainer.network.normalization import use_normalization_weights
from trainer.network.precision import choose_precision, precision
from trainer.network.settings import ModelSettings
from trainer.page_images import write_page_images
from trainer.run_log import RunLog
from trainer.serving_reference import write_serving_reference
from trainer.stages.auto_freeze import resolve_auto_freeze
from trainer.stages.build import Images, StageBuilder
from trainer.stages.checkpoint import Checkpoint
from trainer.stages.distribution import (
    DistributionError,
    build_strategy,
    is_chief,
    wait_for_all_workers,
)
from trainer.stages.settings import TrainerSettings
from trainer.stages.train import Training, train_stages
from trainer.suspect_labels import LabelCheck, check_labels
from trainer.warm_start import WarmStart, warm_start


def run_fn(fn_args: FnArgs) -> None:
    """Trains every stage and exports the model.

    Args:
        fn_args: From the TFX Trainer. `custom_config` holds the sections `model` and `trainer` as
            JSON, `image_size` in pixels and `checkpoints`, the folder for the states of interrupted
            trainings. Writes the SavedModel to `serving_model_dir`, and to `model_run_dir`
            `training.json`, `learning_curves.png`, `layers.txt`, `suspect_labels.csv`,
            `tensorboard/`, and for the ServingCheck `serving_reference.npz`.
    """
    config: dict[str, Any] = fn_args.custom_config or {}
    model_settings = ModelSettings.model_validate_json(config["model"])
    settings = TrainerSettings.model_validate_json(config["trainer"])
    strategy = build_strategy(settings.distribution)
    policy = choose_precision(settings.mixed_precision)
    name = name_training(fn_args, policy)
    checkpoint = Checkpoint(config["checkpoints"], name, writes=is_chief(strategy))
    keras.utils.set_random_seed(settings.seed)
    transform = tft.TFTransformOutput(fn_args.transform_graph_path)
    transform_layer = transform.transform_features_layer()
    labels = read_labels(transform)
    tf.io.gfile.makedirs(fn_args.model_run_dir)
    with (
        tempfile.TemporaryDirectory(prefix="features-", dir=_local(fn_args.model_run_dir)) as cache,
        precision(policy),
    ):
        with strategy.scope():
            network = build_network(model_settings, config["image_size"], len(labels))
        images = _open_images(fn_args, transform_layer, labels, settings, cache)
        settings, reasons = resolve_auto_freeze(
            settings, model_settings, network, images.train, images.parse
        )
        start = _warm_start(network, labels, fn_args.base_model)
        # Where several processes train together, all have the same results; one writes them.
        log = RunLog(fn_args.model_run_dir, network) if is_chief(strategy) else None
        builder = StageBuilder(network, images, settings)
        labels_checked = _check_labels(builder, images, fn_args) if log else LabelCheck(None)
        training = Training(network, images, settings, strategy, checkpoint)
        results = train_stages(training, log.update if log else None, builder)
    if log is None:
        wait_for_all_workers(strategy)
        return
    seen, notes = training_images(images, start, fn_args.base_model)
    notes += [note for result in results for note in result.pop("notes", [])]
    notes += filter(None, [labels_checked.note])
    if start and start.is_used and labels_checked.suspects is not None:
        notes.append(
            "Wrong labels were looked for with the features of the warm start's model, which may "
            "have learnt them."
        )
    report_progress("Trainer", "exporting")
    if policy != "float32":
        network = copy_in_float32(network, model_settings, config["image_size"], len(labels))
    calibration = None
    if settings.calibrate:
        batch_size = choose_inference_batch_size(config["image_size"], settings.batch_size)
        calibration = calibrate(network, images.validation, images.parse, batch_size)
        network = replace(network, temperature=calibration.temperature)
    log.finish(
        [{**result, "freeze_reason": reasons.get(result["name"])} for result in results],
        notes,
        labels_checked.suspects,
        calibration,
    )
    write_page_images(images, settings, network.scale, fn_args.model_run_dir)
    reference = f"{fn_args.model_run_dir}/{REFERENCE_FILE}"
    write_serving_reference(network, images.validation, images.parse, reference)
    export_network(network, transform_layer, labels, fn_args.serving_model_dir)
    write_training_images(seen, parent_folder(fn_args.serving_model_dir))
    checkpoint.remove()
    # The model is complete: a worker that is lost now does not matter.
    with contextlib.suppress(DistributionError):
        wait_for_all_workers(strategy)


def name_training(fn_args: FnArgs, policy: str) -> str:
    """A name for this training, derived from everything that its state depends on.

    `auto` may choose another policy on another machine, where the optimizer's state has another
    form.
    """
    depends_on = {
        "precision": policy,
        "config": fn_args.custom_config,
        "train": sorted(fn_args.train_files),
        "validation": sorted(fn_args.eval_files),
        "transform": fn_args.transform_graph_path,
        "base_model": fn_args.base_model,
    }
    return hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()[:32]


def copy_in_float32(
    network: Network, settings: ModelSettings, image_size: int, classes: int
) -> Network:
    """The same network without mixed precision, which is for GPUs: it may be served on a CPU."""
    served = build_network(settings.model_copy(update={"weights": "none"}), image_size, classes)
    for new, old in zip(served.weights, network.weights, strict=True):
        new.assign(old.numpy())
    use_normalization_weights(served.body)
    return served


def _open_images(
    fn_args: FnArgs,
    transform_layer: tf.Module,
    labels: tuple[str, ...],
    settings: TrainerSettings,
    cache_folder: str,
) -> Images:
    train = open_split(fn_args.train_files, labels)
    return Images(
        train,
        open_split(fn_args.eval_files, labels),
        build_parser(transform_layer),
        find_class_weights(settings.class_weights, train.class_counts),
        Path(cache_folder),
    )


def _check_labels(builder: StageBuilder, images: Images, fn_args: FnArgs) -> LabelCheck:
    """Looks for wrong labels in all splits; the model never sees the test split."""
    # TFX passes the files of the splits that are trained on and evaluated only.
    files = [pattern.replace("/Split-train/", "/Split-test/") for pattern in fn_args.train_files]
    test = open_split(files, images.train.labels)
    splits = {"train": images.train, "validation": images.validation, "test": test}
    return check_labels(builder, splits, fn_args.model_run_dir)


def _warm_start(
    network: Network, labels: tuple[str, ...], base_model: str | None
) -> WarmStart | None:
    if base_model is None:
        return None
    start = warm_start(network, labels, base_model)
    report_note("Trainer", start.note)
    return start


def training_images(
    images: Images, start: WarmStart | None, base_model: str | None
) -> tuple[ImageIds, list[str]]:
    """What the model was trained on and chosen by, and what it started from; with notes."""
    seen = np.union1d(images.train.image_ids, images.validation.image_ids)
    if start is None or base_model is None:
        return seen, []
    if not start.is_used:
        return seen, [start.note]
    earlier = read_training_images(parent_folder(base_model))
    if earlier is not None:
        return np.union1d(seen, earlier), [start.note]
    unknown = (
        "which images the warm start's model was trained on is not recorded: it may have seen "
        "some of the test images"
    )
    return seen, [start.note, unknown]


def _local(folder: str) -> str | None:
    """The folder, if it is on this machine: large features go where the workspace is."""
    return None if "://" in folder else folder
