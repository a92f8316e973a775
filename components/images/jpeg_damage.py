"""Damage that a JPEG decoder bridges: libjpeg warns of it, and TensorFlow drops the warning.

After lost bytes a decoder continues with what comes next, and the rest of the image is displaced
or gray. It notices where there are no such codes, or where data are left over or missing at a
marker. Damage after which all of it fits again is not noticed.
"""

import numpy as np
import numpy.typing as npt
import simplejpeg

Pixels = npt.NDArray[np.uint8]

_DAMAGE = ("Corrupt JPEG data", "Premature end of JPEG file")
_HARMLESS = "bad ICC marker"


def decode_strictly(contents: bytes, mode: str, height: int = 1, width: int = 1) -> Pixels | str:
    """Reads a whole JPEG, to gray pixels (of CMYK, all four).

    The compressed data are read to their end, which is the same at every size; at an eighth each
    way the inverse transform is spared, half of the time, and nearly all of the memory.

    Args:
        contents: A JPEG.
        mode: Pillow's name of its pixel layout.
        height: Fewest rows of pixels to decode to, if it has them; 1 is an eighth of all.
        width: The same of columns.

    Returns:
        The pixels, or what libjpeg warns of or cannot decode.
    """
    try:
        pixels: Pixels = simplejpeg.decode_jpeg(
            contents,
            colorspace="CMYK" if mode == "CMYK" else "GRAY",
            min_height=height,
            min_width=width,
            min_factor=1,
            strict=True,
        )
    except ValueError as error:
        return (str(error).splitlines() or ["unknown"])[0]
    return pixels


def find_warning(contents: bytes, mode: str) -> str:
    """What libjpeg warns of, or cannot decode; empty where it reads a JPEG without."""
    pixels = decode_strictly(contents, mode)
    return pixels if isinstance(pixels, str) else ""


def is_damage(warning: str) -> bool:
    """Whether a warning of `find_warning` is about pixels, and not about metadata or an error."""
    return warning.startswith(_DAMAGE) and _HARMLESS not in warning
