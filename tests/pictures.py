"""The pictures of the README, made by the program itself with the starter model.

    python -m tests.pictures resources/screenshots

No test: it takes some minutes. Sheets and the film come from the command line, the rest from the
window, whose poses are in tests/screenshot.py; then all are made small enough for a page.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageChops

import main as program
from engine.store.frame_store import FrameStore
from tests.screenshot import photograph

#: What `render` is asked for, by the name of the picture.
RENDERED = {
    "pairs.png": ("--preset", "three-pairs", "--compare", "linear,slerp"),
    "prompts.png": ("--preset", "prompts", "--frames", "9"),
    "std-sweep.png": ("--preset", "std-sweep", "--frames", "9"),
    "translation.png": ("--preset", "translation", "--compare", "translation,wipe"),
    "grid.png": ("--preset", "prompts-by-noises"),
    "difference.png": ("--preset", "side-by-side", "--frames", "9", "--difference", "slerp"),
    "film.webp": ("--preset", "side-by-side", "--frames", "17", "--fps", "8"),
}
#: Pixels across, and bytes, that a picture on a page may have.
WIDTH, BYTES = 1000, 150_000
#: Pixels that are left around what a picture shows.
MARGIN = 8


def main(out: Path) -> int:
    """Make all pictures; returns 0 where all went well."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        made = Path(folder, "made")
        made.mkdir()
        for name, options in RENDERED.items():
            code = program.main(["render", "--out", str(made / name), *options])
            if code:
                return code
        photograph(made, FrameStore(folder=Path(folder, "latent-trails", "frames")))
        for picture in sorted(made.iterdir()):
            if picture.suffix == ".png":
                shrink(picture, out / f"{picture.stem}.webp")
            else:
                (out / picture.name).write_bytes(picture.read_bytes())
    for picture in sorted(out.iterdir()):
        print(f"{picture.stat().st_size / 1000:6.0f} kB  {picture.name}")
    return 0


def shrink(source: Path, target: Path) -> None:
    """The picture as WebP, as wide and as large as a page allows."""
    with Image.open(source) as opened:
        picture = trimmed(opened.convert("RGB"))
    if picture.width > WIDTH:
        size = (WIDTH, round(picture.height * WIDTH / picture.width))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    for quality in range(90, 30, -5):
        picture.save(target, "WEBP", quality=quality, method=6)
        if target.stat().st_size <= BYTES:
            return


def trimmed(picture: Image.Image) -> Image.Image:
    """The picture without what is empty around it, in the colour of its corner."""
    empty = Image.new("RGB", picture.size, picture.getpixel((0, 0)))
    box = ImageChops.difference(picture, empty).getbbox() or (0, 0, *picture.size)
    left, top = (max(0, edge - MARGIN) for edge in box[:2])
    right, bottom = (min(s, edge + MARGIN) for s, edge in zip(picture.size, box[2:], strict=True))
    return picture.crop((left, top, right, bottom))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
