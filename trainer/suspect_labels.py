"""Writes `suspect_labels.csv`: the images of all splits whose label is probably wrong.

The features of the test split are computed for this purpose only. What is learned from them and
from the test split's labels is in that file and nowhere else: the model is trained, and its epochs
are chosen, without it.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf

from components.artifacts import SUSPECT_IMAGES_FILE, SUSPECTS_FILE
from components.example_gen.suspect_labels import SuspectLabel, format_suspects
from components.feature_keys import FILENAME, IMAGE, SHA256
from components.progress import report_progress
from components.records import open_records
from components.report.charts.thumbnails import build_thumbnail
from trainer.data.input import Split
from trainer.data.suspects import Suspect, find_suspects
from trainer.stages.build import StageBuilder

MOST_IMAGES = 20_000
"""More images are sampled: these take up to half a minute on two cores, and 1 GB."""
_MOST_SHOWN = 24
"""Images on the page."""


@dataclass(frozen=True)
class LabelCheck:
    """What became of the check of the labels.

    Attributes:
        suspects: Number of labels that are probably wrong; None where it could not be made.
        note: Why not, or that it was made on a sample; empty elsewhere.
    """

    suspects: int | None
    note: str = ""


def check_labels(builder: StageBuilder, splits: Mapping[str, Split], folder: str) -> LabelCheck:
    """Finds the labels that are probably wrong, and writes them to `folder`.

    Args:
        builder: Has the features that the first stage trains on, before any is trained.
        splits: `train`, `validation` and `test`.
        folder: Folder of the `ModelRun` artifact.
    """
    reason = builder.why_no_features()
    if reason:
        return LabelCheck(None, f"Wrong labels were not looked for: {reason}.")
    report_progress("Trainer", "looking for wrong labels")
    samples = _sample(splits)
    suspects = _find(samples, builder.first_features(samples["test"]))
    looks = _look_at(samples, [suspect.row for suspect in suspects])
    _write(f"{folder}/{SUSPECTS_FILE}", format_suspects(_rows(suspects, looks, samples)))
    thumbnails = [looks[suspect.row].thumbnail for suspect in suspects[:_MOST_SHOWN]]
    _write(f"{folder}/{SUSPECT_IMAGES_FILE}", json.dumps(thumbnails))
    total, checked = _count(splits), _count(samples)
    note = f"Wrong labels were looked for in a sample: {checked:,} of {total:,} images."
    return LabelCheck(len(suspects), note if checked < total else "")


def _write(path: str, text: str) -> None:
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(text)


def _count(splits: Mapping[str, Split]) -> int:
    return sum(map(len, splits.values()))


def _sample(splits: Mapping[str, Split]) -> dict[str, Split]:
    """The first images of each split; they are in the order of their hashes, which is random."""
    share = min(1.0, MOST_IMAGES / _count(splits))
    return {
        name: replace(split, label_ids=split.label_ids[: math.ceil(share * len(split))])
        for name, split in splits.items()
    }


def _find(samples: Mapping[str, Split], features: Sequence[np.ndarray]) -> list[Suspect]:
    vectors = [
        _pool(of_split[: len(split)])
        for split, of_split in zip(samples.values(), features, strict=True)
    ]
    classes = len(samples["train"].labels)
    return find_suspects(np.concatenate(vectors), _label_ids(samples), classes)


def _label_ids(samples: Mapping[str, Split]) -> np.ndarray:
    return np.concatenate([split.label_ids for split in samples.values()])


def _pool(features: np.ndarray) -> np.ndarray:
    """One vector for each image: of a feature map, the mean over its positions."""
    positions = tuple(range(1, features.ndim - 1))
    return features.mean(axis=positions) if positions else features


@dataclass(frozen=True)
class _Look:
    """What an example says of its image."""

    path: str
    sha256: str
    split: str
    thumbnail: str | None


def _look_at(samples: Mapping[str, Split], rows: Sequence[int]) -> dict[int, _Look]:
    """Reads the examples in these rows, and makes a thumbnail of the first ones."""
    shown = set(rows[:_MOST_SHOWN])
    looks = {}
    start = 0
    for name, split in samples.items():
        own = {row for row in rows if start <= row < start + len(split)}
        records = open_records(split.files).take(max(own, default=start - 1) + 1 - start)
        for row, record in enumerate(records.as_numpy_iterator(), start):
            if row in own:
                looks[row] = _read(record, name, row in shown)
        start += len(split)
    return looks


def _read(record: bytes, split: str, is_shown: bool) -> _Look:
    features = tf.train.Example.FromString(record).features.feature
    name, sha256 = (
        b"".join(features[key].bytes_list.value[:1]).decode("utf-8", "replace")
        for key in (FILENAME, SHA256)
    )
    thumbnail = build_thumbnail(features[IMAGE].bytes_list.value[0]) if is_shown else None
    return _Look(name, sha256, split, thumbnail)


def _rows(
    suspects: Sequence[Suspect], looks: Mapping[int, _Look], samples: Mapping[str, Split]
) -> Iterator[SuspectLabel]:
    ids, labels = _label_ids(samples), samples["train"].labels
    for suspect in suspects:
        look, label = looks[suspect.row], labels[ids[suspect.row]]
        suggested = labels[suspect.suggested]
        yield SuspectLabel(look.path, look.sha256, look.split, label, suggested, suspect.score)
