"""How large an image may be."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ImageLimits:
    """Limits that an image is checked against; the `data` section of the configuration sets them.

    Attributes:
        max_image_bytes: Largest file, in bytes.
        max_image_pixels: Most pixels that a decoder may touch, the frames of a GIF together; 64 MP
            is a large camera.
    """

    max_image_bytes: int = 64 * 1024**2
    max_image_pixels: int = 64_000_000
