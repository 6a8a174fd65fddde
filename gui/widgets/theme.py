"""Colours, spacing and fonts of the window, in a dark and a light theme.

A view takes a `Theme` in its constructor, and another one through `set_theme(theme)` when the
colour scheme changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib import resources
from math import log
from string import Template
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from engine.errors import InputError
from engine.messages import Tier
from engine.methods.contract import methods

#: All spacing is a multiple of this length, in pixels.
UNIT = 4
#: Least contrast of text with its background (WCAG 2.2, level AA).
READABLE = 4.5


class Themed(Protocol):
    """A view whose theme can be changed."""

    def set_theme(self, theme: Theme) -> None: ...


@dataclass(frozen=True, slots=True)
class Theme:
    """One colour scheme. Colours are "#rrggbb"; `tint` adds transparency.

    `background` is the colour of the window, `canvas` of the ground of pictures and plots,
    `surface` of cards, `raised` of fields, and `line` of separators. `text`, `muted` and `faint`
    are text colours with decreasing contrast; `disabled` is that of disabled widgets. `accent`
    marks active elements; `on_accent` is the text colour on it. `grid` and `shell` belong to the
    trajectory plot. `missing` to `failed` are the colours of the tiers.
    """

    dark: bool
    background: str
    canvas: str
    surface: str
    raised: str
    line: str
    text: str
    muted: str
    faint: str
    disabled: str
    accent: str
    on_accent: str
    grid: str
    shell: str
    missing: str
    preview: str
    draft: str
    final: str
    failed: str
    warning: str

    def tier_colour(self, tier: Tier) -> str:
        """Returns the colour of a tier in all views."""
        names = {
            Tier.MISSING: self.missing,
            Tier.PREVIEW: self.preview,
            Tier.DRAFT: self.draft,
            Tier.FINAL: self.final,
            Tier.FAILED: self.failed,
        }
        return names[tier]

    def method_colour(self, name: str) -> str:
        """Returns a method's colour, lightened in the dark theme; muted for an unknown method."""
        try:
            colour = QColor(methods.get(name).colour)
        except InputError:
            return self.muted
        return lighten(colour).name() if self.dark else colour.name()

    def method_ink(self, name: str) -> str:
        """Returns a method's colour for text, darkened in the light theme to be legible."""
        colour = self.method_colour(name)
        return colour if self.dark else darken(colour, self.canvas)

    def speed_colour(self, speed: float) -> QColor:
        """Returns the colour of a visible speed, as a multiple of the median: the muted colour at
        1, blue at a third and below, orange at three times and above."""
        share = min(max(log(max(speed, 1e-9)) / log(3.0), -1.0), 1.0)
        end, middle = QColor("#D55E00" if share > 0.0 else "#0072B2"), QColor(self.muted)
        end = lighten(end) if self.dark else end
        return QColor.fromRgbF(
            middle.redF() + abs(share) * (end.redF() - middle.redF()),
            middle.greenF() + abs(share) * (end.greenF() - middle.greenF()),
            middle.blueF() + abs(share) * (end.blueF() - middle.blueF()),
        )

    def font(self, scale: float = 1.0, *, bold: bool = False, digits: bool = False) -> QFont:
        """Returns the window's font, scaled. `digits` uses digits of equal width."""
        font = QFont(QApplication.font())
        font.setPointSizeF(font.pointSizeF() * scale)
        if bold:
            font.setWeight(QFont.Weight.DemiBold)
        if digits:
            font.setFeature(QFont.Tag("tnum"), 1)
        return font


DARK = Theme(
    dark=True,
    background="#17191e",
    canvas="#101216",
    surface="#1e2127",
    raised="#272b33",
    line="#30353e",
    text="#e6e8ec",
    muted="#a0a8b4",
    faint="#8b94a1",
    disabled="#6d7683",
    accent="#8f86f7",
    on_accent="#0f0d24",
    grid="#262a32",
    shell="#8f86f7",
    missing="#2c313a",
    preview="#4b4878",
    draft="#6a63b2",
    final="#8f86f7",
    failed="#f2686b",
    warning="#e8b04a",
)

LIGHT = Theme(
    dark=False,
    background="#f5f6f8",
    canvas="#e9ebef",
    surface="#ffffff",
    raised="#ffffff",
    line="#d6dae0",
    text="#1a1d23",
    muted="#4d5561",
    faint="#5f6875",
    disabled="#858e9b",
    accent="#5a4fd4",
    on_accent="#ffffff",
    grid="#d9dde3",
    shell="#5a4fd4",
    missing="#d9dde3",
    preview="#c3bef0",
    draft="#9189e3",
    final="#5a4fd4",
    failed="#c02f2c",
    warning="#8a5c00",
)


def paper_theme() -> Theme:
    """Returns the light theme on white, for figures in papers."""
    return replace(LIGHT, background="#ffffff", canvas="#ffffff")


def application(argv: Sequence[str] = ()) -> QApplication:
    """Creates the application in Qt's own style, which looks the same on every desktop.

    The style is set by name, because importing its Python class takes about a tenth of the time to
    the first paint.
    """
    return QApplication([*(argv or ("",)), "-style", "fusion"])


def theme_for(app: QApplication, wish: str = "system") -> Theme:
    """Returns the "dark" or the "light" theme, or for any other `wish` the system's."""
    if wish in ("dark", "light"):
        return DARK if wish == "dark" else LIGHT
    scheme = app.styleHints().colorScheme()
    return LIGHT if scheme == Qt.ColorScheme.Light else DARK


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Sets the palette and the style sheet of the application."""
    app.setPalette(palette(theme))
    app.setStyleSheet(style_sheet(theme))


def style_sheet(theme: Theme) -> str:
    """Returns resources/style.qss with its $names replaced by the theme's colours."""
    folder = resources.files("resources")
    template = Template(folder.joinpath("style.qss").read_text(encoding="utf-8"))
    colours = {name: value for name, value in asdict(theme).items() if isinstance(value, str)}
    blends = {
        "hover": mix(theme.raised, theme.text, 0.07),
        "soft": mix(theme.background, theme.accent, 0.22),
        "accent_hover": mix(theme.accent, theme.text, 0.15),
        "tab": mix(theme.raised, theme.text, 0.14) if theme.dark else theme.background,
        "field": theme.raised,
        "field_line": theme.raised if theme.dark else theme.line,
        "icons": str(folder.joinpath("icons")).replace("\\", "/"),
    }
    return template.substitute(colours, **blends)


def palette(theme: Theme) -> QPalette:
    """Returns the theme as a palette, for everything that the style sheet does not set."""
    role = QPalette.ColorRole
    result = QPalette(QColor(theme.raised), QColor(theme.background))
    pairs = {
        role.Base: theme.raised,
        role.AlternateBase: theme.surface,
        role.Text: theme.text,
        role.WindowText: theme.text,
        role.ButtonText: theme.text,
        role.BrightText: theme.failed,
        role.ToolTipBase: theme.surface,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.faint,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Accent: theme.accent,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
        role.Mid: theme.line,
    }
    for which, colour in pairs.items():
        result.setColor(which, QColor(colour))
    for which in (role.Text, role.WindowText, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, which, QColor(theme.disabled))
    return result


def tint(colour: str, alpha: float) -> QColor:
    """Returns `colour` with the opacity `alpha` in [0, 1]."""
    result = QColor(colour)
    result.setAlphaF(alpha)
    return result


def mix(first: str, second: str, share: float) -> str:
    """Interpolates two colours; `share` is 0 at `first` and 1 at `second`."""
    a, b = QColor(first), QColor(second)
    pairs = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round(x + (y - x) * share) for x, y in pairs)).name()


def contrast(first: str, second: str) -> float:
    """Returns the contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    low, high = sorted(_luminance(QColor(colour)) for colour in (first, second))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: QColor) -> float:
    """Returns the relative luminance of an sRGB colour, 0 to 1 (WCAG 2.2)."""
    linear = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (colour.redF(), colour.greenF(), colour.blueF())
    )
    return sum(share * value for share, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def darken(colour: str, ground: str) -> str:
    """Returns the same hue, dark enough for text on `ground`."""
    result = QColor(colour)
    hue, saturation = max(result.hslHueF(), 0.0), result.hslSaturationF()
    while contrast(result.name(), ground) < READABLE:
        result = QColor.fromHslF(hue, saturation, max(result.lightnessF() - 0.01, 0.0))
    return result.name()


def lighten(colour: QColor) -> QColor:
    """Returns the same hue, light enough for text on a dark ground."""
    saturation = min(colour.hslSaturationF(), 0.85)
    return QColor.fromHslF(max(colour.hslHueF(), 0.0), saturation, max(colour.lightnessF(), 0.5))
