"""What a photo is before it is kept: a picture, and nothing beside it.  Pure."""

import base64
import binascii
from contextlib import suppress
from io import BytesIO

from PIL import Image, ImageOps

from hongzhu.errors import InvalidError

MOST_SIGNS = 12_000_000
"""Of what is sent, in base64: a photo as a telephone takes it."""
MOST_PIXELS = 50_000_000
LONGEST = 1600
"""Pixels of the longer side of what is kept."""
QUALITY = 80
FORMATS = ("JPEG", "PNG", "WEBP")


def jpeg(sent: str) -> str:
    """Make of a picture in base64, or a ``data:`` address, one that may be kept, in base64; raises `InvalidError`.

    It is drawn anew: upright, no larger than one looks at, without where and when and by which telephone it was taken.
    """
    if len(sent) > MOST_SIGNS:
        raise InvalidError("The photo is too large; send one of at most 8 MB.", field="photo")
    try:
        with Image.open(BytesIO(base64.b64decode(sent.rpartition(",")[2], validate=True)), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise InvalidError("The photo is too large; send one of at most 50 million pixels.", field="photo")
            opened.load()
            _turn(opened)
            image = opened.convert("RGB")
    except (binascii.Error, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InvalidError("This is no photo; send a JPEG, PNG or WebP.", field="photo") from error
    image.thumbnail((LONGEST, LONGEST))
    image.info.clear()  # else a comment would go along
    kept = BytesIO()
    image.save(kept, "JPEG", quality=QUALITY)
    return base64.b64encode(kept.getvalue()).decode()


def _turn(image: Image.Image) -> None:
    """Turn a picture upright, as far as what its telephone wrote beside it can be read."""
    # Whatever is written there, and Pillow raises many things over it, the picture itself is as good as it was.
    with suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)
