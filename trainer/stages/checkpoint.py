"""An interrupted training resumes after the last finished epoch.

TFX removes what a failed execution has written, so the state of a training is kept beside the
artifacts, under a name derived from everything that the training depends on.
"""

import contextlib
import dataclasses
import io
import json
import secrets
import time
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from components.errors import UserError
from components.progress import report_note
from trainer.stages.distribution import is_same_on_all_workers
from trainer.stages.state import StageState

Arrays = dict[str, list[np.ndarray]]

# States are written after each epoch: that of a running training is newer.
_STALE_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class SavedState:
    """The state of a training between two epochs.

    Attributes:
        finished: The results of the finished stages.
        state: The state of the stage after them.
        changed: Which of the network's weights training has changed so far, as indices.
        arrays: Their values (`network`), and the variables of the stage's optimizer (`optimizer`)
            and of its random layers (`seeds`).
    """

    finished: list[dict[str, Any]]
    state: StageState
    changed: list[int]
    arrays: Arrays


class Checkpoint:
    """The state file of one training.

    Args:
        folder: Where such files are; None saves nothing.
        name: Its name, unique to the training.
        writes: Whether this process writes it; where several train together, one does.
    """

    def __init__(self, folder: str | None, name: str, writes: bool = True) -> None:
        self._folder = folder
        self._writes = writes
        self._file = f"{folder}/{name}.npz"

    def load(self) -> SavedState | None:
        """The last state that was saved; None where there is none."""
        if self._folder is None or not tf.io.gfile.exists(self._file):
            return None
        with tf.io.gfile.GFile(self._file, "rb") as file:
            return _unpack(file.read())

    def save(self, saved: SavedState) -> None:
        """Replaces the last state atomically.

        Raises:
            UserError: It cannot be written.
        """
        if self._folder is None or not self._writes:
            return
        # Kubernetes may start a Trainer again while the old one still writes.
        new = f"{self._file}.{secrets.token_hex(4)}.new"
        try:
            tf.io.gfile.makedirs(self._folder)
            with tf.io.gfile.GFile(new, "wb") as file:
                file.write(_pack(saved))
            # Missing if another attempt has finished, which removes such files.
            with contextlib.suppress(tf.errors.NotFoundError):
                tf.io.gfile.rename(new, self._file, overwrite=True)
        except tf.errors.OpError as error:
            raise UserError(
                f"the state of the training cannot be written to {self._file}: {error.message}",
                hint="Free space there; the next run resumes after the last saved epoch.",
            ) from error

    def remove(self) -> None:
        """Removes the file, and partial ones of attempts that were killed.

        States of other trainings are removed, too, if they have not been written for a week.
        """
        if self._folder is None or not self._writes or not tf.io.gfile.isdir(self._folder):
            return
        for name in tf.io.gfile.listdir(self._folder):
            file = f"{self._folder}/{name}"
            is_state = name.endswith((".npz", ".new"))
            # Another training may remove it first.
            with contextlib.suppress(tf.errors.NotFoundError):
                if is_state and (file.startswith(self._file) or _is_stale(file)):
                    tf.io.gfile.remove(file)


def load_for_all_workers(
    checkpoint: Checkpoint, strategy: tf.distribute.Strategy
) -> SavedState | None:
    """The last saved state; None as well where workers find different ones.

    Raises:
        UserError: The file is damaged.
        DistributionError: Another worker is lost.
    """
    saved = checkpoint.load()
    position = (1 + len(saved.finished)) * 1_000_000 + saved.state.epoch if saved else 0
    if is_same_on_all_workers(strategy, position):
        return saved
    report_note(
        "Trainer",
        "the workers do not find the same saved state of this training, so it starts again: "
        "to resume after an interruption, all of them need the same workspace",
    )
    return None


def _is_stale(file: str) -> bool:
    return time.time() - tf.io.gfile.stat(file).mtime_nsec / 1e9 > _STALE_SECONDS


def _pack(saved: SavedState) -> bytes:
    scalars = dataclasses.asdict(saved.state)
    groups = {**saved.arrays, "best": scalars.pop("best_weights")}
    facts = {"finished": saved.finished, "state": scalars, "changed": saved.changed}
    arrays = {f"{key}/{n}": array for key, group in groups.items() for n, array in enumerate(group)}
    file = io.BytesIO()
    np.savez(file, facts=np.frombuffer(json.dumps(facts).encode(), np.uint8), **arrays)
    return file.getvalue()


def _unpack(contents: bytes) -> SavedState:
    try:
        with np.load(io.BytesIO(contents), allow_pickle=False) as file:
            facts = json.loads(file["facts"].tobytes())
            groups: Arrays = {"network": [], "optimizer": [], "seeds": [], "best": []}
            # In the order in which they were written.
            for key in file.files[1:]:
                groups[key.split("/")[0]].append(file[key])
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        # It is only ever replaced atomically: another program has done this.
        raise UserError(
            f"the saved state of the training is damaged: {error}",
            hint="Remove the folder `checkpoints` of the workspace; training then starts again.",
        ) from error
    state = StageState(**facts["state"], best_weights=groups.pop("best"))
    return SavedState(facts["finished"], state, facts["changed"], groups)
