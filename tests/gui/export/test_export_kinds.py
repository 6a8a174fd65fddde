"""Every kind of the export dialog, twice, on the real plane and charts, at scale 1 and 2."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PIL import Image as Pillow

from engine.documents.session_file import load_session
from engine.export.contract import formats
from engine.export.recall import recall

ROOT = Path(__file__).parents[3]
FORMS = ("png", "svg", "pdf")
SHAPES = ("path", "polyline", "line", "circle", "ellipse", "text")
DRAWN = tuple(f".{what}.{form}" for what in ("measures", "plot", "figure") for form in FORMS)
ANALYSIS = (".csv", ".json", ".atlas.png", ".atlas", *DRAWN)


@pytest.mark.parametrize("scale", [1, 2])
def test_every_kind_is_written_twice(tmp_path: Path, scale: int) -> None:
    settings = {"QT_SCALE_FACTOR": str(scale), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.export_kinds", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert len(said) == 2 * (len(formats.names()) + len(ANALYSIS))
    panoramas = [line for line in said if line.startswith("Panorama")]
    assert len(panoramas) == 2
    assert all("choose the method Translation" in line for line in panoramas), said
    assert all("| Written: " in line for line in said if line not in panoramas), said
    out = tmp_path / "out"
    for name in ("walk", "walk-2"):
        others = (name for name in formats.names() if name != "panorama")
        for suffix in (formats.get(name).suffix for name in others):
            assert len(recall(out / f"{name}{suffix}").exploration.compare) == 2
        assert load_session(out / f"{name}.trail").walk.frames == 3
        for suffix in ANALYSIS:
            assert (out / f"walk{suffix}").stat().st_size > 100, suffix
        assert load_session(out / "walk.figure.trail").walk.frames == 3
    for pdf in (suffix for suffix in DRAWN if suffix.endswith("pdf")):
        assert (out / f"walk{pdf}").read_bytes().startswith(b"%PDF-")
    for svg in ("walk.plot.svg", "walk.measures.svg", "walk.figure.svg"):
        tags = [element.tag.split("}")[1] for element in ET.parse(out / svg).iter()]
        assert sum(tags.count(shape) for shape in SHAPES) > 20, svg
        assert "text" in tags, svg
    width = float(ET.parse(out / "walk.plot.svg").getroot().attrib["viewBox"].split()[2])
    with Pillow.open(out / "walk.plot.png") as picture:
        assert picture.width == scale * width
    _check_figure(out / "walk.figure.png", 960 * scale)


def _check_figure(path: Path, width: int) -> None:
    """The page of a dark window is light, and the pictures are on it."""
    with Pillow.open(path) as picture:
        assert picture.width == width
        assert picture.getpixel((2, picture.height - 3)) == (255, 255, 255)
        sheet = picture.crop((0, 0, width, width // 2)).getcolors(1 << 20)
        assert sheet is not None
        assert len(sheet) > 1000
