"""TIFF files: one picture without loss, with a text in its description."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

from PIL import Image as Pillow
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from engine.errors import InputError
from engine.messages import Image

#: The widest picture that is written.
MAX_SIDE = 1 << 16
_DESCRIPTION = 270
_MOST_TEXT = 4 << 20


def encode_tiff(image: Image, text: str) -> bytes:
    """Encodes a picture [H, W, 3], compressed by Deflate, with `text` as its description.

    By the standard, the text is ASCII. Raises UnicodeError for another one.
    """
    tags = ImageFileDirectory_v2()
    if text:
        tags[_DESCRIPTION] = text.encode("ascii").decode("ascii")
    buffer = io.BytesIO()
    Pillow.fromarray(image).save(buffer, "TIFF", compression="tiff_adobe_deflate", tiffinfo=tags)
    return buffer.getvalue()


def is_tiff(head: bytes) -> bool:
    """True if a file with these first bytes is a TIFF file."""
    return head[:4] in (b"II*\0", b"MM\0*")


def read_description(path: Path) -> str | None:
    """Returns the description of a file, or None. Does not decode pixels.

    Raises InputError for a damaged file.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow warns of damaged tags, and of too many pixels
            with Pillow.open(path, formats=["TIFF"]) as picture:
                text = picture.getexif().get(_DESCRIPTION)
    except (OSError, SyntaxError, ValueError, TypeError, Warning) as error:
        raise InputError(f"{path} is damaged, or no TIFF file.") from error
    return text if isinstance(text, str) and len(text) <= _MOST_TEXT else None
