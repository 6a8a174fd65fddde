"""The texts that a picture carries, from any program, by the keys that PNG files have."""

from __future__ import annotations

from pathlib import Path

from engine.atomic import open_file
from engine.export import png
from engine.export.texts import exif, jpeg, riff


def picture_texts(path: Path) -> dict[str, str]:
    """The text entries of a PNG, JPEG or WebP picture; empty for other files.

    An EXIF user comment counts as `parameters`, as AUTOMATIC1111's web UI writes it; ComfyUI puts
    "prompt:…" and "workflow:…" into the camera's tags. Raises InputError for a damaged PNG file,
    and for what is no file.
    """
    with open_file(path) as file:
        head = file.read(12)
        if head.startswith(png.SIGNATURE):
            return png.read_text(path)
        if head.startswith(jpeg.SIGNATURE):
            return _exif_texts(jpeg.read_exif_block(file))
        if head[:4] == riff.SIGNATURE and head[8:] == b"WEBP":
            return _exif_texts(riff.read_exif_block(file))
    return {}


def _exif_texts(block: bytes) -> dict[str, str]:
    texts = {}
    found = exif.read_exif(block)
    if exif.USER_COMMENT in found:
        texts["parameters"] = exif.comment_text(found.pop(exif.USER_COMMENT))
    for value in found.values():
        key, colon, text = value.decode("utf-8", "replace").strip("\0").partition(":")
        if colon and key in ("prompt", "workflow"):
            texts[key] = text
    return texts
