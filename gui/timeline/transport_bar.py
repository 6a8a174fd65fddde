"""The transport bar: play, loop mode, frame rate, speed, and the number of dropped frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QActionGroup, QColor, QKeyEvent, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QMenu,
    QWidget,
)

from engine.view import Loop
from gui.state.explorer_state import ExplorerState
from gui.state.playback import FASTEST, Player
from gui.state.walk_edits import looped
from gui.widgets.fields import ENTER_KEYS, Button
from gui.widgets.plain_text import PlainLabel, plain_tip
from gui.widgets.theme import UNIT, Theme, mix

RATES = (6.0, 8.0, 12.0, 15.0, 24.0, 25.0, 30.0, 50.0, 60.0)
LOOPS = {Loop.ONCE: "Once", Loop.LOOP: "Repeat", Loop.PING_PONG: "Ping-pong"}
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, FASTEST)

Shape = Sequence[tuple[float, float]]

_RIGHT: Shape = ((-0.35, -0.5), (0.5, 0.0), (-0.35, 0.5))
_BAR: Shape = ((-0.09, -0.5), (0.09, -0.5), (0.09, 0.5), (-0.09, 0.5))


def _placed(shape: Shape, x: float, width: float = 1.0) -> Shape:
    return tuple((px * width + x, py) for px, py in shape)


#: Glyphs as shapes in a square from −0.6 to 0.6, pointing forwards; mirrored, they point back.
GLYPHS: dict[str, tuple[Shape, ...]] = {
    "play": (_placed(_RIGHT, 0.0),),
    "pause": (_placed(_BAR, -0.22, 1.2), _placed(_BAR, 0.22, 1.2)),
    "shuttle": (_placed(_RIGHT, -0.3, 0.75), _placed(_RIGHT, 0.28, 0.75)),
    "end": (_placed(_RIGHT, -0.12, 0.9), _placed(_BAR, 0.46)),
}


class GlyphButton(QAbstractButton):
    """A flat button with a vector glyph. It takes the focus from the Tab key but not from a click,
    so that the space bar still plays and pauses after a click."""

    def __init__(
        self, glyph: str, title: str, theme: Theme, *, mirrored: bool = False, side: int = 28
    ) -> None:
        super().__init__()
        self._glyph, self._theme, self._side = glyph, theme, side
        self._mirror = -1.0 if mirrored else 1.0
        self.setAccessibleName(title)
        self.setToolTip(plain_tip(title))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def set_glyph(self, glyph: str) -> None:
        """Change the glyph."""
        self._glyph = glyph
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._side + UNIT, self._side)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER_KEYS:
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        ground = self._ground()
        if ground is not None:
            painter.setBrush(ground)
            painter.drawRoundedRect(QRectF(self.rect()), UNIT, UNIT)
        painter.translate(QRectF(self.rect()).center())
        size = self._side * 0.42
        painter.scale(size * self._mirror, size)
        painter.setBrush(QColor(self._theme.text if self.isEnabled() else self._theme.disabled))
        for shape in GLYPHS[self._glyph]:
            painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in shape]))

    def _ground(self) -> QColor | None:
        if self.isDown():
            return QColor(mix(self._theme.background, self._theme.accent, 0.4))
        if self.underMouse() or self.hasFocus():
            return QColor(mix(self._theme.background, self._theme.text, 0.1))
        return None


class MenuButton(Button):
    """A flat button that shows the chosen value and opens a menu of all values."""

    def __init__(
        self, title: str, choices: Sequence[tuple[str, Any]], choose: Callable[[Any], None]
    ) -> None:
        super().__init__(title)
        self._choices = tuple(choices)
        self.setPopupMode(Button.ToolButtonPopupMode.InstantPopup)
        self.setMenu(QMenu(self))
        group = QActionGroup(self)
        for text, value in self._choices:
            action = QAction(text, group, checkable=True)
            action.triggered.connect(lambda _=False, value=value: choose(value))
            self.menu().addAction(action)

    def show_value(self, value: object, otherwise: str) -> None:
        """Tick `value` and show its name on the button, or `otherwise` if it is not listed."""
        for action, (text, choice) in zip(self.menu().actions(), self._choices, strict=True):
            action.setChecked(choice == value)
            otherwise = text if choice == value else otherwise
        self.setText(f"{otherwise} ▾")


class TransportBar(QWidget):
    """Owns the transport buttons, which call `Player`."""

    def __init__(
        self, state: ExplorerState, player: Player, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._player = state, player
        self._glyphs = self._glyph_buttons(theme)
        self._play = self._glyphs[2]
        self._loop = MenuButton(
            "Behaviour of playback at the end of the range",
            [(text, loop) for loop, text in LOOPS.items()],
            player.set_loop,
        )
        self._closed = Button("Loop", "The last keyframe leads back to the first one")
        self._closed.setText("Loop")
        self._closed.setCheckable(True)
        self._closed.clicked.connect(self._set_loop)
        rates = [(f"{rate:g} fps", rate) for rate in RATES]
        self._rate = MenuButton("Frames a second", rates, player.set_fps)
        speeds = [(f"{speed:g}×", speed) for speed in SPEEDS]
        self._speed = MenuButton("Speed of playback", speeds, player.set_speed)
        self._dropped = PlainLabel()
        self._dropped.setAccessibleName("Frames dropped during playback")
        self._lay_out()
        self.set_theme(theme)
        player.changed.connect(self._refresh)
        player.dropped_changed.connect(self._show_dropped)
        for signal in (state.exploration_changed, state.view_changed):
            signal.connect(self._refresh)
        self._refresh()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        for button in self._glyphs:
            button.set_theme(theme)
        self._dropped.setFont(theme.font(0.9, digits=True))
        self._dropped.setStyleSheet(f"color: {theme.warning}")

    def _glyph_buttons(self, theme: Theme) -> list[GlyphButton]:
        player = self._player
        buttons = [
            GlyphButton("end", "First frame (Home)", theme, mirrored=True),
            GlyphButton("shuttle", "Play backwards, again for faster (J)", theme, mirrored=True),
            GlyphButton("play", "Play or pause (Space)", theme, side=32),
            GlyphButton("shuttle", "Play forwards, again for faster (L)", theme),
            GlyphButton("end", "Last frame (End)", theme),
        ]
        verbs: list[Callable[[], None]] = [
            player.go_first,
            lambda: player.shuttle(-1),
            player.toggle,
            lambda: player.shuttle(1),
            player.go_last,
        ]
        for button, verb in zip(buttons, verbs, strict=True):
            button.clicked.connect(lambda _=False, verb=verb: verb())
        return buttons

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * UNIT, 0, 2 * UNIT, UNIT)
        row.setSpacing(UNIT)
        for button in self._glyphs:
            row.addWidget(button)
        row.addSpacing(3 * UNIT)
        for chooser in (self._closed, self._loop, self._rate, self._speed):
            row.addWidget(chooser)
        row.addSpacing(2 * UNIT)
        row.addWidget(self._dropped)
        row.addStretch(1)

    def _refresh(self) -> None:
        player, fps = self._player, self._state.exploration.fps
        self._play.set_glyph("pause" if player.playing else "play")
        self._loop.show_value(player.loop, "")
        self._closed.setChecked(self._state.exploration.walk.loop)
        self._rate.show_value(fps, f"{fps:g} fps")
        backwards = "−" if player.direction < 0 else ""
        self._speed.show_value(player.direction * player.speed, f"{backwards}{player.speed:g}×")

    def _set_loop(self, loop: bool) -> None:
        self._state.edit(looped(self._state.exploration, loop), "Loop" if loop else "No loop")

    def _show_dropped(self, count: int) -> None:
        noun = "frame" if count == 1 else "frames"
        self._dropped.setText(f"{count} {noun} dropped" if count else "")
