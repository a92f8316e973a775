"""How large an image may be."""

from typing import Protocol


class ImageLimits(Protocol):
    """Limits that an image is checked against; the `data` section of the configuration has them."""

    @property
    def max_image_bytes(self) -> int:
        """Largest file, in bytes."""

    @property
    def max_image_pixels(self) -> int:
        """Most pixels that a decoder may touch, the frames of a GIF together."""
