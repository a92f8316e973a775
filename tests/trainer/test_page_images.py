"""The page shows training images as the network sees them, and one augmented."""

import base64
import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from trainer.data.augmentation import AugmentationSettings
from trainer.page_images import write_page_images
from trainer.stages.build import Images
from trainer.stages.settings import StageSettings, TrainerSettings

HEAD = StageSettings(name="head")
FLIPPED = StageSettings(name="flipped", augmentation=AugmentationSettings(horizontal_flip=True))


def _pixels(uri: str) -> np.ndarray:
    contents = base64.b64decode(uri.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(contents)).convert("RGB"))


def test_nine_of_each_class_in_their_colours(images: Images, tmp_path: Path) -> None:
    write_page_images(images, TrainerSettings(stages=(HEAD, FLIPPED)), "tf", str(tmp_path))
    page = json.loads((tmp_path / "page_images.json").read_text())
    assert list(page["classes"]) == ["blue", "red"]
    blue, red = (_pixels(uri) for uri in page["classes"].values())
    assert blue.shape == red.shape == (248, 248, 3)
    assert blue[..., 2].mean() > blue[..., 0].mean() + 60
    assert red[..., 0].mean() > red[..., 2].mean() + 60
    assert page["augmented"]["stage"] == "flipped"
    tiles = _pixels(page["augmented"]["image"])
    tile, others = tiles[:80, :80].astype(int), [tiles[84:164, :80], tiles[:80, 84:164]]
    assert all(
        min(np.abs(tile - other).mean(), np.abs(tile[:, ::-1] - other).mean()) < 6
        for other in others
    )


def test_without_augmentation_there_is_no_image_of_it(images: Images, tmp_path: Path) -> None:
    write_page_images(images, TrainerSettings(stages=(HEAD,)), "tf", str(tmp_path))
    assert json.loads((tmp_path / "page_images.json").read_text())["augmented"] is None
