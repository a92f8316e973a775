"""Writes the built-in sample as image files: the handwritten digits that install with scikit-learn.

Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
Repository, 1998, https://doi.org/10.24432/C50P49 (CC BY 4.0). scikit-learn includes its test part:
1,797 scans from 13 people, reduced to 8 x 8 pixels with 17 gray levels.
"""

import os
import pathlib
import shutil
import tempfile

import numpy as np

DIGITS_COUNT = 1797
MAX_INTENSITY = 16


def write_digits(folder: pathlib.Path) -> None:
    """Writes the digits as PNG files, one folder per class: `folder/7/digit_0042.png`.

    The same bytes every time, so that each image keeps its split. The number in the file name is
    the digit's position in the dataset. A complete folder is left as it is; an incomplete one is
    written again.

    Parents of the folder are created.

    Raises:
        FileExistsError: `folder` contains files that are not part of this sample.
    """
    if is_complete(folder):
        return
    _refuse_foreign_files(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # A sibling lies on the same file system, where a rename is atomic and a crash does no harm.
    temporary = pathlib.Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _write_images(temporary)
        temporary.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        os.rename(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def is_complete(folder: pathlib.Path) -> bool:
    """Whether every digit's file is in place and none is empty."""
    files = list(folder.glob("[0-9]/digit_[0-9][0-9][0-9][0-9].png"))
    return len(files) == DIGITS_COUNT and all(file.stat().st_size > 0 for file in files)


def _refuse_foreign_files(folder: pathlib.Path) -> None:
    """Raises FileExistsError if `folder` contains what `write_digits` did not write."""
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder} is a file; the digits need a folder of that name")
    for path in folder.rglob("*"):
        if path.is_file() and not path.match("[0-9]/digit_[0-9][0-9][0-9][0-9].png"):
            raise FileExistsError(
                f"{folder} holds {path.relative_to(folder)}, which is not part of the sample; "
                "give an empty or a new folder"
            )


def _write_images(folder: pathlib.Path) -> None:
    """Writes all digits as grayscale PNGs of 8 x 8 pixels, intensity 0..16 scaled to 0..255."""
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.round(digits.images * (255 / MAX_INTENSITY)).astype(np.uint8)
    for label in np.unique(digits.target):
        (folder / str(label)).mkdir()
    for index, (image, label) in enumerate(zip(images, digits.target, strict=True)):
        Image.fromarray(image).save(folder / str(label) / f"digit_{index:04d}.png")
