"""Frame rates: television's are exact, and each format says which ones it cannot keep."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image as Pillow

from engine.export.contract import ExportFormat, Plan, formats
from engine.export.frame_rate import exact_rate, frame_rate, rate_text
from engine.export.open_export import open_export
from tests.support.sample_pictures import make_picture


@pytest.mark.parametrize("thousands", [1, 12, 15, 24, 30, 48, 60, 120, 240])
def test_rates_of_television_are_exact_as_decimal_and_as_fraction(thousands: int) -> None:
    rate = Fraction(1000 * thousands, 1001)
    for text in (f"{1000 * thousands}/1001", f"{float(rate):.3f}", f"{float(rate):.5f}"):
        assert exact_rate(frame_rate(text)) == rate, text


@pytest.mark.parametrize(
    ("text", "rate", "shown"),
    [
        ("23.98", Fraction(24000, 1001), "23.976"),
        ("29,97", Fraction(30000, 1001), "29.97"),
        ("0.5", Fraction(1, 2), "0.5"),
        ("1/2", Fraction(1, 2), "0.5"),
        ("500/1001", Fraction(500, 1001), "0.5"),
        ("0.4995", Fraction(500, 1001), "0.5"),
        ("0.1", Fraction(1, 10), "0.1"),
        ("7.5", Fraction(15, 2), "7.5"),
        ("12.34", Fraction(617, 50), "12.34"),
        ("24", Fraction(24), "24"),
        ("240", Fraction(240), "240"),
        ("100/3", Fraction(100, 3), "33.333"),
    ],
)
def test_a_rate_is_what_was_typed(text: str, rate: Fraction, shown: str) -> None:
    assert exact_rate(frame_rate(text)) == rate
    assert rate_text(rate) == shown


@pytest.mark.parametrize(
    "text", ["", "fast", "24/0", "1/2/3", "1e999999999/1", "1/1e-400", f"{'1' * 400}/1"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"convert|divides|large"):
        frame_rate(text)


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
@pytest.mark.parametrize("fps", [0.1, 0.5, 23.976, 24000 / 1001, 240000 / 1001, 240.0])
def test_a_video_keeps_every_rate(tmp_path: Path, suffix: str, fps: float) -> None:
    with open_export(tmp_path / f"walk{suffix}", Plan(fps=fps)) as add:
        for index in range(3):
            add(index, [make_picture(index)])
    with av.open(str(tmp_path / f"walk{suffix}")) as film:
        kept = film.streams.video[0].average_rate
    if suffix == ".mp4":
        assert kept == exact_rate(fps)
    else:  # WebM holds the duration of a frame in nanoseconds
        assert float(kept) == pytest.approx(float(exact_rate(fps)), rel=1e-6)


@pytest.mark.parametrize(
    ("name", "fps", "milliseconds"),
    [
        ("gif", 0.5, 2000),
        ("gif", 24.0, 40),
        ("gif", 30.0, 30),
        ("gif", 50.0, 20),
        ("gif", 100.0, 20),  # browsers show frames of 10 ms for 100
        ("gif", 240.0, 20),
        ("webp", 0.1, 10_000),
        ("webp", 23.976, 42),
        ("webp", 90.0, 11),
        ("webp", 240.0, 11),  # so they do with WebP
    ],
)
def test_an_animation_shows_each_frame_equally_long(
    tmp_path: Path, name: str, fps: float, milliseconds: int
) -> None:
    path = tmp_path / f"walk.{name}"
    with open_export(path, Plan(fps=fps)) as add:
        for index in range(4):
            add(index, [make_picture(index)])
    with Pillow.open(path) as film:
        shown = []
        for index in range(4):
            film.seek(index)
            film.load()  # a WebP says it only then
            shown.append(film.info["duration"])
    assert shown == [milliseconds] * 4
    assert formats.get(name).kept_rate(fps) == Fraction(1000, milliseconds)


@pytest.mark.parametrize("name", formats.names())
def test_a_format_says_which_rates_it_rounds(name: str) -> None:
    format_: type[ExportFormat] = formats.get(name)
    for fps in (0.1, 23.976, 24.0, 25.0, 120.0):
        kept = format_.kept_rate(fps)
        note = format_.rate_note(fps)
        assert bool(note) == (kept != exact_rate(fps))
        assert format_.kept_rate(float(kept)) == kept
        if note:
            assert rate_text(exact_rate(fps)) in note
            assert rate_text(kept) in note
