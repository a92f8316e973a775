"""Damage that a JPEG decoder bridges: libjpeg warns of it, and TensorFlow drops the warning.

After lost bytes a decoder continues with what comes next, and the rest of the image is displaced
or gray. It notices where there are no such codes, or where data are left over or missing at a
marker. Damage after which all of it fits again is not noticed.
"""

import simplejpeg

_DAMAGE = ("Corrupt JPEG data", "Premature end of JPEG file")
_HARMLESS = "bad ICC marker"


def find_warning(contents: bytes, mode: str) -> str:
    """What libjpeg warns of, or cannot decode; empty where it reads a JPEG without.

    The compressed data are read to their end, which is the same at every size; at an eighth each
    way the inverse transform is spared, half of the time, and nearly all of the memory.

    Args:
        contents: A JPEG.
        mode: Pillow's name of its pixel layout.
    """
    try:
        simplejpeg.decode_jpeg(
            contents,
            colorspace="CMYK" if mode == "CMYK" else "GRAY",
            min_height=1,
            min_width=1,
            min_factor=8,
            strict=True,
        )
    except ValueError as error:
        return (str(error).splitlines() or ["unknown"])[0]
    return ""


def is_damage(warning: str) -> bool:
    """Whether a warning of `find_warning` is about pixels, and not about metadata or an error."""
    return warning.startswith(_DAMAGE) and _HARMLESS not in warning
