"""Text can be read: the contrast of every pair of text and ground that the window uses."""

from __future__ import annotations

import re

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from engine.methods.contract import methods
from gui.viewer.pane_painter import NOTE_GROUND, NOTE_OPACITY, NOTE_TEXT, NOTE_WARNING
from gui.widgets.theme import DARK, LIGHT, READABLE, Theme, contrast, mix, palette, style_sheet

THEMES = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
RULE = re.compile(r"([^{}]+)\{([^}]*)\}")
#: What widgets paint themselves: names of the text's colours, and of the grounds below them.
PAINTED = {
    "text": ("background", "canvas", "surface", "raised"),
    "muted": ("background", "canvas", "surface"),
    "faint": ("background", "canvas", "surface", "raised"),
    "warning": ("background", "canvas", "surface"),
    "failed": ("background", "surface"),
    "accent": ("background", "surface", "raised"),
    "shell": ("canvas",),
    "on_accent": ("accent",),
}


def rules(theme: Theme) -> list[tuple[str, dict[str, str]]]:
    """The selectors of the style sheet and what they set, without disabled widgets."""
    sheet = re.sub(r"/\*.*?\*/", "", style_sheet(theme), flags=re.S)
    found = []
    for selector, body in RULE.findall(sheet):
        parts = (part.split(":", 1) for part in body.split(";") if ":" in part)
        if ":disabled" not in selector:
            found.append((selector.strip(), {k.strip(): v.strip() for k, v in parts}))
    return found


def test_the_ratio_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


@THEMES
def test_text_of_the_style_sheet(theme: Theme) -> None:
    checked = 0
    for selector, style in rules(theme):
        if "color" not in style:
            continue
        ground = style.get("background", "transparent")
        grounds = [ground] if ground.startswith("#") else [theme.background, theme.surface]
        if "#tab" in selector and not ground.startswith("#"):
            grounds = [theme.raised]
        for each in grounds:
            assert contrast(style["color"], each) >= READABLE, (selector, style["color"], each)
            checked += 1
    assert checked > 20


@THEMES
@pytest.mark.parametrize("ink", PAINTED)
def test_painted_text(theme: Theme, ink: str) -> None:
    for ground in PAINTED[ink]:
        ratio = contrast(getattr(theme, ink), getattr(theme, ground))
        assert ratio >= READABLE, (ink, ground, ratio)


@THEMES
@pytest.mark.parametrize("name", methods.names())
def test_names_of_methods(theme: Theme, name: str) -> None:
    ink = theme.method_ink(name)
    for ground in (theme.background, theme.canvas, theme.surface):
        assert contrast(ink, ground) >= READABLE, (ink, ground)
    chosen = mix(theme.background, theme.method_colour(name), 0.20)  # the button of the method
    assert contrast(theme.text, chosen) >= READABLE


@THEMES
def test_text_of_the_palette(qapp: QApplication, theme: Theme) -> None:
    role, colours = QPalette.ColorRole, palette(theme)
    pairs = (
        (role.WindowText, role.Window),
        (role.Text, role.Base),
        (role.PlaceholderText, role.Base),
        (role.ButtonText, role.Button),
        (role.ToolTipText, role.ToolTipBase),
        (role.HighlightedText, role.Highlight),
        (role.Link, role.Window),
    )
    for ink, ground in pairs:
        ratio = contrast(colours.color(ink).name(), colours.color(ground).name())
        assert ratio >= READABLE, (ink, ground, ratio)


@pytest.mark.parametrize("ink", [NOTE_TEXT, NOTE_WARNING])
def test_notes_over_pictures_of_any_brightness(ink: str) -> None:
    for below in ("#000000", "#ffffff"):
        ground = mix(below, NOTE_GROUND, NOTE_OPACITY)
        assert contrast(ink, QColor(ground).name()) >= READABLE
