"""Pretrains the bundled backbone on printed letters: `python -m trainer.bundled.pretrain_letters`.

Letters only, no digits: the sample then transfers from printed letters (source) to handwritten
digits (target). Every image is one Latin, Greek or Cyrillic letter of one of matplotlib's fonts,
warped, thickened or thinned, and mostly reduced to 8 x 8 pixels, because the target images are
that small. Every batch is new.

The bundled weights are from `--epochs 6 --seed 0`: 614,400 images in 12 minutes on 2 busy cores;
of 4,096 new images 95.7% get the right one of 78 classes. What that achieves on the digits is in
configs/digits.yaml.
"""

import functools
import os
import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from trainer.bundled import LETTERS_WEIGHTS

if TYPE_CHECKING:
    import keras

# Each word is one class: letters that look the same at any size share it. Greek and Cyrillic only
# where they look like no Latin letter.
_LATIN_CLASSES = """
A a B b Cc D d E e F f G g H h Il ij J Kk L M m N n Oo Pp Q q R r Ss T t Uu Vv Ww Xx Y y Zz
"""
_GREEK_AND_CYRILLIC_CLASSES = """
Γ Δ Θθ Λ Ξ Π Σ Φφ Ψψ Ω α β γ δ ε ζς η λ μ ξ σ τ ω
Б Д Ж Зз И Л Ц Ч Ш Ы Ь Ээ Ю Яя б
"""
LATIN = tuple(_LATIN_CLASSES.split())
GREEK_AND_CYRILLIC = tuple(_GREEK_AND_CYRILLIC_CLASSES.split())
CLASSES = LATIN + GREEK_AND_CYRILLIC
# By name: cmsy10 and cmex10 also map a-z, but to symbols, so that the character map does not help.
FULL_FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"),
    *("DejaVuSansMono", "DejaVuSansMono-Bold"),
    *("DejaVuSansMono-Oblique", "DejaVuSansMono-BoldOblique"),
    *("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic"),
    *("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta"),
)
LATIN_FONTS = ("cmb10", "cmmi10", "cmr10", "cmss10", "cmtt10")
IMAGE_SIZE_PX = 32
GLYPH_SIZE_PX = 48
TARGET_SIZE_PX = 8
STEPS_PER_EPOCH = 400
BATCH_SIZE = 256
CHECK_IMAGES = 4096
LEARNING_RATE = 3e-3
# With Keras' 0.999 the moving statistics lag thousands of steps behind, more than this training
# has.
BATCH_NORM_MOMENTUM = 0.9
MESH_CELLS = 3


def render_glyph(letter: str, font: ImageFont.FreeTypeFont) -> Image.Image:
    """Draws a letter, white on black, as large as fits: `[GLYPH_SIZE_PX, GLYPH_SIZE_PX] uint8`."""
    left, top, right, bottom = (int(edge) for edge in font.getbbox(letter))
    canvas = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(canvas).text((-left, -top), letter, fill=255, font=font)
    # The font's own box is wider than the ink in one letter of six.
    ink = canvas.crop(canvas.getbbox())
    side = max(ink.size)
    square = Image.new("L", (side, side))
    square.paste(ink, ((side - ink.width) // 2, (side - ink.height) // 2))
    return square.resize((GLYPH_SIZE_PX, GLYPH_SIZE_PX), Image.Resampling.BOX)


@functools.cache
def render_glyphs() -> tuple[tuple[Image.Image, int], ...]:
    """Draws every letter in every font that has it; each with its index in `CLASSES`."""
    import matplotlib

    folder = pathlib.Path(matplotlib.get_data_path(), "fonts", "ttf")
    glyphs = []
    for name in FULL_FONTS + LATIN_FONTS:
        font = ImageFont.truetype(str(folder / f"{name}.ttf"), 2 * GLYPH_SIZE_PX)
        classes = CLASSES if name in FULL_FONTS else LATIN
        glyphs += [
            (render_glyph(letter, font), index)
            for index, letters in enumerate(classes)
            for letter in letters
        ]
    return tuple(glyphs)


def draw_meshes(count: int, rng: np.random.Generator) -> np.ndarray:
    """Draws random shifts, rotations, shears, scales and bends.

    Args:
        count: number of meshes.
        rng: source of the randomness.

    Returns:
        Where the corners of a regular mesh come from, as shares of the size,
        `[count, MESH_CELLS + 1, MESH_CELLS + 1, 2] float64`, last axis x and y.
    """
    angle, shear = rng.normal(0, np.radians(7), count), rng.normal(0, 0.2, count)
    # From target to source: above 1 the letter gets smaller. Handwritten digits fill the height.
    scale = rng.uniform((0.9, 0.92), (1.7, 1.15), (count, 2))
    cos, sin = np.cos(angle), np.sin(angle)
    affine = np.stack([cos, cos * shear - sin, sin, sin * shear + cos], axis=-1)
    affine = affine.reshape(count, 2, 2) * scale[:, :, np.newaxis]
    steps = np.linspace(-0.5, 0.5, MESH_CELLS + 1)
    corners = np.stack(np.meshgrid(steps, steps), axis=-1)
    meshes = np.einsum("nij,yxj->nyxi", affine, corners) + 0.5
    return meshes + rng.normal(0, 0.025, (count, 1, 1, 2)) + rng.normal(0, 0.045, meshes.shape)


def warp(glyph: Image.Image, mesh: np.ndarray) -> Image.Image:
    """Warps an image, white on black, by a mesh of `draw_meshes`.

    Returns:
        Image in mode "L", `[IMAGE_SIZE_PX, IMAGE_SIZE_PX] uint8`, black where the original does
        not reach.
    """
    source = mesh * glyph.width
    # Corners in the order that Pillow expects: upper left, lower left, lower right, upper right.
    corners = [source[:-1, :-1], source[1:, :-1], source[1:, 1:], source[:-1, 1:]]
    quads = np.concatenate(corners, axis=-1)
    edges = np.linspace(0, IMAGE_SIZE_PX, MESH_CELLS + 1).round().astype(int).tolist()
    data = [
        ((edges[x], edges[y], edges[x + 1], edges[y + 1]), quad)
        for y, row in enumerate(quads.tolist())
        for x, quad in enumerate(row)
    ]
    size = (IMAGE_SIZE_PX, IMAGE_SIZE_PX)
    return glyph.transform(size, Image.Transform.MESH, data, Image.Resampling.BILINEAR)


def change_strokes(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Thickens or thins the strokes: a Gaussian blur, then a random threshold.

    Images are `[count, size, size] float32 in [0, 1]`, white on black, before and after.
    """
    count, size, _ = images.shape
    radius = rng.uniform(0.4, 1.4, (count, 1, 1)).astype(np.float32)
    distance = np.subtract.outer(np.arange(size), np.arange(size)).astype(np.float32)
    blur = np.exp(-((distance / radius) ** 2) / 2)
    blur /= blur.sum(axis=2, keepdims=True)
    threshold = rng.uniform(0.13, 0.42, (count, 1, 1)).astype(np.float32)
    return np.clip((blur @ images @ blur.swapaxes(1, 2) - threshold) * 4 + 0.5, 0, 1)


@functools.cache
def build_degradation(low_px: int) -> np.ndarray:
    """Averages a line of an image down to `low_px` pixels and enlarges it again.

    Returns:
        Matrix `[IMAGE_SIZE_PX, IMAGE_SIZE_PX] float32`, to be applied from the left to a column.
    """
    lines = Image.fromarray(np.eye(IMAGE_SIZE_PX, dtype=np.float32))
    low = lines.resize((IMAGE_SIZE_PX, low_px), Image.Resampling.BOX)
    return np.asarray(low.resize(lines.size, Image.Resampling.BILINEAR))


def degrade(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Reduces images to few pixels, mostly 8 x 8, and enlarges them again.

    The brightest pixel becomes white, as in the digits.

    Images are `[count, IMAGE_SIZE_PX, IMAGE_SIZE_PX] float32 in [0, 1]`, before and after.
    """
    low_px = rng.integers(TARGET_SIZE_PX, 25, len(images))
    low_px[rng.random(len(images)) < 0.8] = TARGET_SIZE_PX
    lines = np.stack([build_degradation(low) for low in low_px.tolist()])
    degraded = lines @ images @ lines.swapaxes(1, 2)
    return degraded / np.maximum(degraded.max(axis=(1, 2), keepdims=True), 0.1)


def build_images(count: int, seed: int | tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Draws random variations of the letters, the same ones with the same seed.

    Returns:
        Images `[count, IMAGE_SIZE_PX, IMAGE_SIZE_PX, 1] uint8` and classes `[count] int64`,
        indices into `CLASSES`.
    """
    rng = np.random.default_rng(seed)
    glyphs = render_glyphs()
    chosen = [glyphs[choice] for choice in rng.integers(len(glyphs), size=count)]
    meshes = draw_meshes(count, rng)
    pairs = zip(chosen, meshes, strict=True)
    warped = np.stack([np.asarray(warp(glyph, mesh)) for (glyph, _), mesh in pairs])
    images = degrade(change_strokes(warped.astype(np.float32) / 255, rng), rng)
    classes = np.array([index for _, index in chosen], np.int64)
    return np.round(images * 255).astype(np.uint8)[..., np.newaxis], classes


def build_classifier() -> "tuple[keras.Model, keras.Model]":
    """Builds the network that classifies letters.

    Returns:
        The backbone, `[batch, height, width, 3] float32 in [-1, 1]` to a feature map, and the
        classifier on top of it, `[batch, IMAGE_SIZE_PX, IMAGE_SIZE_PX, 1] uint8` to logits
        `[batch, len(CLASSES)] float32`.
    """
    import keras

    backbone = keras.applications.MobileNetV2(
        include_top=False, alpha=0.35, input_shape=(IMAGE_SIZE_PX, IMAGE_SIZE_PX, 3), weights=None
    )
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = BATCH_NORM_MOMENTUM

    images = keras.Input((IMAGE_SIZE_PX, IMAGE_SIZE_PX, 1), dtype="uint8")
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(images)
    features = backbone(keras.layers.Concatenate()([scaled, scaled, scaled]))
    pooled = keras.layers.GlobalAveragePooling2D()(features)
    logits = keras.layers.Dense(len(CLASSES))(pooled)
    return backbone, keras.Model(images, logits)


def pretrain(epochs: int, seed: int) -> "keras.Model":
    """Trains the backbone on letters.

    Args:
        epochs: `STEPS_PER_EPOCH` batches of new images each.
        seed: seeds images and initial weights. Threads still round differently from run to run.

    Returns:
        The trained backbone, without a top.
    """
    import keras
    import tensorflow as tf

    def draw_batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for step in range(epochs * STEPS_PER_EPOCH):
            yield build_images(BATCH_SIZE, (seed, step))

    keras.utils.set_random_seed(seed)
    backbone, classifier = build_classifier()
    shape = (BATCH_SIZE, IMAGE_SIZE_PX, IMAGE_SIZE_PX, 1)
    batches = tf.data.Dataset.from_generator(
        draw_batches,
        output_signature=(tf.TensorSpec(shape, tf.uint8), tf.TensorSpec(shape[:1], tf.int64)),
    )
    steps = epochs * STEPS_PER_EPOCH
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=LEARNING_RATE, warmup_steps=steps // 20
    )
    classifier.compile(
        keras.optimizers.Adam(rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,  # A trial with XLA did not get past compiling in minutes here.
    )
    classifier.fit(
        batches.prefetch(8),
        epochs=epochs,
        steps_per_epoch=STEPS_PER_EPOCH,
        validation_data=build_images(CHECK_IMAGES, (seed, epochs * STEPS_PER_EPOCH)),
        verbose=2,
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
@click.option("--epochs", type=click.IntRange(min=1), default=6, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
def main(output: pathlib.Path, epochs: int, seed: int) -> None:
    """Pretrains the bundled backbone on printed letters and writes its weights."""
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")
    pretrain(epochs, seed).save_weights(output)


if __name__ == "__main__":
    main()
