"""Writes what the page shows of the training images: as the network sees them, and augmented."""

import json

import keras
import numpy as np
import tensorflow as tf

from components.artifacts import PAGE_IMAGES_FILE
from components.records import open_records
from components.report.charts.thumbnails import build_montage
from components.transform.scaling import unscale_pixels
from trainer.data.augmentation import build_augmentation
from trainer.data.input import Split
from trainer.stages.build import Images
from trainer.stages.settings import TrainerSettings

_MOST_CLASSES = 12
_PER_CLASS = 9
_MOST_READ = 20_000
"""Images that are looked through for the nine of a rare class."""


def write_page_images(images: Images, settings: TrainerSettings, scale: str, folder: str) -> None:
    """Writes nine training images of each of the first classes, and one under nine augmentations.

    Args:
        images: The images as the stages read them.
        settings: The `trainer` section; the first stage that augments is shown.
        scale: How the backbone's pixels are scaled.
        folder: Folder of the `ModelRun` artifact.
    """
    records = _read_chosen(images.train)
    by_class = {
        # A class at a time: nine images of 600 pixels take 39 MB.
        images.train.labels[index]: build_montage(_to_pixels(_parse(images, of_class), scale))
        for index, of_class in sorted(records.items())
    }
    first = _parse(images, next(iter(records.values()))[:1])[0]
    page = {"classes": by_class, "augmented": _augment(first, settings, scale)}
    with tf.io.gfile.GFile(f"{folder}/{PAGE_IMAGES_FILE}", "w") as file:
        file.write(json.dumps(page))


def _parse(images: Images, records: list[bytes]) -> tf.Tensor:
    return images.parse(tf.constant(records))


def _read_chosen(split: Split) -> dict[int, list[bytes]]:
    """The examples of the first nine images of each of the first classes, by class."""
    ids = split.label_ids[:_MOST_READ]
    rows = [np.flatnonzero(ids == index)[:_PER_CLASS] for index in range(_MOST_CLASSES)]
    wanted = set(np.concatenate(rows).tolist())
    chosen: dict[int, list[bytes]] = {}
    records = open_records(split.files).take(max(wanted) + 1)
    for row, record in enumerate(records.as_numpy_iterator()):
        if row in wanted:
            chosen.setdefault(int(ids[row]), []).append(record)
    return chosen


def _augment(image: tf.Tensor, settings: TrainerSettings, scale: str) -> dict[str, str] | None:
    """The image under nine augmentations of the first stage that has any; None if none has."""
    for stage in settings.stages:
        layers = build_augmentation(stage.augmentation, scale, settings.seed)
        if layers:
            copies = tf.repeat(image[tf.newaxis], _PER_CLASS, axis=0)
            changed = keras.Sequential(layers)(copies, training=True)
            return {"stage": stage.name, "image": build_montage(_to_pixels(changed, scale))}
    return None


def _to_pixels(images: tf.Tensor, scale: str) -> np.ndarray:
    pixels = tf.round(unscale_pixels(tf.cast(images, tf.float32), scale))
    return np.asarray(tf.cast(tf.clip_by_value(pixels, 0, 255), tf.uint8))
