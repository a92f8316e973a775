"""The same train, validation and test folders for all: nothing is chosen on the test images."""

import hashlib
import os
import shutil
from pathlib import Path

from components.errors import UserError

SPLITS = ("train", "validation", "test")


def prepare_images(source: Path, folder: Path) -> dict[str, int]:
    """Makes `folder/train`, `folder/validation` and `folder/test`, each with a folder per class.

    Where the source has no `test`, half of each class of `validation`, the smaller half by the
    SHA-256 of the files, becomes it: the same images on every machine. Copies of one image stay
    together. Reading everything also fills the page cache, so that no system pays for a cold disk.

    Args:
        source: `train/CLASS/`, `validation/CLASS/` and maybe `test/CLASS/`.
        folder: What is made, of hard links, or of copies where those cannot be; replaced.

    Returns:
        Number of images by split.

    Raises:
        UserError: There are no such folders.
    """
    for split in ("train", "validation"):
        if not (source / split).is_dir():
            raise UserError(
                f"--data: {source} has no folder {split}/",
                "It needs train/CLASS/ and validation/CLASS/; test/CLASS/ is optional.",
            )
    if folder.exists():
        shutil.rmtree(folder)
    has_test = (source / "test").is_dir()
    counts = dict.fromkeys(SPLITS, 0)
    for split in SPLITS if has_test else ("train", "validation"):
        for class_folder in sorted(path for path in (source / split).iterdir() if path.is_dir()):
            digests = {path: _digest(path) for path in class_folder.iterdir() if path.is_file()}
            is_divided = split == "validation" and not has_test
            held_out = _smaller_half(digests) if is_divided else set()
            for path in digests:
                target = "test" if path in held_out else split
                _link(path, folder / target / class_folder.name / path.name)
                counts[target] += 1
    return counts


def _smaller_half(digests: dict[Path, str]) -> set[Path]:
    """Files whose digest is among the smaller half, the middle one included."""
    if not digests:
        return set()
    ordered = sorted(digests.values())
    middle = ordered[(len(ordered) - 1) // 2]
    return {path for path, digest in digests.items() if digest <= middle}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _link(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)
