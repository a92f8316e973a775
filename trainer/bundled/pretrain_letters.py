"""Pretrains the bundled backbone on printed letters: `python -m trainer.bundled.pretrain_letters`.

Letters only, no digits: the sample then transfers from printed letters (source) to handwritten digits
(target). Every picture is one letter of one of matplotlib's fonts, warped, thickened or thinned, and
mostly reduced to a few pixels, because the target pictures are 8 x 8 pixels.
"""

import os
import pathlib
import string
from typing import TYPE_CHECKING

import click
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from trainer.bundled import LETTERS_WEIGHTS

if TYPE_CHECKING:
    import keras

LETTERS = string.ascii_letters
# By name: cmsy10 and cmex10 also map a-z, but to symbols, so that a character map cannot tell.
FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"),
    *("DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique", "DejaVuSansMono-BoldOblique"),
    *("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic"),
    *("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta"),
    *("cmb10", "cmmi10", "cmr10", "cmss10", "cmtt10"),
)
IMAGE_SIZE_PX = 32
GLYPH_SIZE_PX = 48
PICTURES = 36_000
BATCH_SIZE = 128
LEARNING_RATE = 2e-3
# With Keras' 0.999 the moving statistics lag thousands of steps behind, more than this training has.
BATCH_NORM_MOMENTUM = 0.9
MESH_CELLS = 3


def render_glyph(letter: str, font: ImageFont.FreeTypeFont) -> Image.Image:
    """Draws one letter, white on black, as large as fits into the middle of a square.

    Args:
        letter: one character that the font contains.
        font: the font, at a size well above `GLYPH_SIZE_PX`.

    Returns:
        Picture in mode "L", `[GLYPH_SIZE_PX, GLYPH_SIZE_PX] uint8`.
    """
    left, top, right, bottom = (int(edge) for edge in font.getbbox(letter))
    ink = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(ink).text((-left, -top), letter, fill=255, font=font)
    side = max(ink.size)
    square = Image.new("L", (side, side))
    square.paste(ink, ((side - ink.width) // 2, (side - ink.height) // 2))
    return square.resize((GLYPH_SIZE_PX, GLYPH_SIZE_PX), Image.Resampling.BOX)


def render_glyphs() -> list[tuple[Image.Image, int]]:
    """Draws every letter in every font.

    Returns:
        Pairs of a picture (see `render_glyph`) and the letter's index in `LETTERS`.
    """
    import matplotlib

    folder = pathlib.Path(matplotlib.get_data_path(), "fonts", "ttf")
    fonts = [ImageFont.truetype(str(folder / f"{name}.ttf"), 2 * GLYPH_SIZE_PX) for name in FONTS]
    return [(render_glyph(letter, font), index) for font in fonts for index, letter in enumerate(LETTERS)]


def warp(glyph: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Shifts, rotates, shears, scales and bends a picture in one resampling.

    Args:
        glyph: picture in mode "L".
        rng: source of the randomness.

    Returns:
        Picture of the same size and mode, black where the original does not reach.
    """
    size = glyph.width
    angle, shear = rng.normal(0, np.radians(9)), rng.normal(0, 0.2)
    scale = np.diag(rng.uniform((0.8, 0.95), (1.7, 1.3)))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    affine = scale @ rotation @ np.array([[1, shear], [0, 1]])

    steps = np.linspace(-0.5, 0.5, MESH_CELLS + 1)
    corners = np.stack(np.meshgrid(steps, steps), axis=-1) @ affine.T
    corners += rng.normal(0, 0.03, 2) + rng.normal(0, 0.035, corners.shape)
    source = (corners + 0.5) * size
    target = np.round((steps + 0.5) * size).astype(int)
    mesh = [
        (
            (target[x], target[y], target[x + 1], target[y + 1]),
            (*source[y, x], *source[y + 1, x], *source[y + 1, x + 1], *source[y, x + 1]),
        )
        for y in range(MESH_CELLS)
        for x in range(MESH_CELLS)
    ]
    return glyph.transform(glyph.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)


def change_stroke(glyph: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Thickens or thins the strokes: a blur, then a random threshold.

    Args:
        glyph: picture in mode "L", white on black.
        rng: source of the randomness.

    Returns:
        Picture of the same size and mode.
    """
    blurred = glyph.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 2.0)))
    threshold = rng.uniform(60, 140)
    return blurred.point(np.clip((np.arange(256) - threshold) * 4 + 128, 0, 255).astype(int).tolist())


def degrade(glyph: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Averages a picture down to few pixels and enlarges it to the size that the network sees.

    Args:
        glyph: picture in mode "L".
        rng: source of the randomness.

    Returns:
        Picture in mode "L", `[IMAGE_SIZE_PX, IMAGE_SIZE_PX] uint8`, black and white swapped in one of eight.
    """
    low_px = 8 if rng.random() < 0.6 else int(rng.integers(8, 25))
    low = glyph.resize((low_px, low_px), Image.Resampling.BOX)
    if rng.random() < 0.125:
        low = low.point([255 - value for value in range(256)])
    return low.resize((IMAGE_SIZE_PX, IMAGE_SIZE_PX), Image.Resampling.BILINEAR)


def build_pictures(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws random variations of the letters.

    Args:
        count: number of pictures.
        seed: the same seed gives the same pictures.

    Returns:
        Pictures `[count, IMAGE_SIZE_PX, IMAGE_SIZE_PX, 1] uint8` and letters `[count] int64`, indices
        into `LETTERS`.
    """
    rng = np.random.default_rng(seed)
    glyphs = render_glyphs()
    choices = rng.integers(len(glyphs), size=count)
    pictures = [degrade(change_stroke(warp(glyphs[choice][0], rng), rng), rng) for choice in choices]
    letters = np.array([glyphs[choice][1] for choice in choices], np.int64)
    return np.stack([np.asarray(picture) for picture in pictures])[..., np.newaxis], letters


def build_classifier() -> "tuple[keras.Model, keras.Model]":
    """Builds the network that tells letters apart.

    Returns:
        The backbone, `[batch, height, width, 3] float32 in [-1, 1]` to a feature map, and the classifier on
        top of it, `[batch, IMAGE_SIZE_PX, IMAGE_SIZE_PX, 1] uint8` to logits `[batch, len(LETTERS)] float32`.
    """
    import keras

    backbone = keras.applications.MobileNetV2(
        include_top=False, alpha=0.35, input_shape=(IMAGE_SIZE_PX, IMAGE_SIZE_PX, 3), weights=None
    )
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = BATCH_NORM_MOMENTUM

    pictures = keras.Input((IMAGE_SIZE_PX, IMAGE_SIZE_PX, 1), dtype="uint8")
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(pictures)
    features = backbone(keras.layers.Concatenate()([scaled, scaled, scaled]))
    pooled = keras.layers.GlobalAveragePooling2D()(features)
    logits = keras.layers.Dense(len(LETTERS))(keras.layers.Dropout(0.2)(pooled))
    return backbone, keras.Model(pictures, logits)


def pretrain(epochs: int, seed: int) -> "keras.Model":
    """Trains the backbone on letters.

    Args:
        epochs: passes over the pictures.
        seed: seeds pictures, initial weights and order. Threads still round differently from run to run.

    Returns:
        The trained backbone, without a top.
    """
    import keras

    keras.utils.set_random_seed(seed)
    pictures, letters = build_pictures(PICTURES, seed)
    check = build_pictures(PICTURES // 20, seed + 1)
    backbone, classifier = build_classifier()
    steps = epochs * -(-PICTURES // BATCH_SIZE)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=LEARNING_RATE, warmup_steps=steps // 20
    )
    classifier.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-4),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,  # A trial with XLA did not get past compiling in minutes here.
    )
    classifier.fit(
        pictures, letters, batch_size=BATCH_SIZE, epochs=epochs, validation_data=check, verbose=2
    )
    return backbone


@click.command()
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=pathlib.Path),
    default=LETTERS_WEIGHTS,
    show_default=True,
    help="Where to write the weights, a .weights.h5 file.",
)
@click.option("--epochs", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
def main(output: pathlib.Path, epochs: int, seed: int) -> None:
    """Pretrains the bundled backbone on printed letters and writes its weights."""
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")
    pretrain(epochs, seed).save_weights(output)


if __name__ == "__main__":
    main()
