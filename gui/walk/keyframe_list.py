"""The list of the walk's keyframes, with the method of each segment between them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QFrame, QWidget

from engine.walk import Walk
from gui.state.explorer_state import ExplorerState
from gui.state.thumbnails import Thumbnails
from gui.state.vocabulary import Vocabulary
from gui.state.walk_edits import appended, moved, removed, reseeded
from gui.walk.keyframe_card import KeyframeCard
from gui.walk.segment_link import SegmentLink
from gui.widgets.layouts import column
from gui.widgets.theme import UNIT, Theme, Themed

GAP = 2 * UNIT
MARK = 2


class KeyframeList(QWidget):
    """Owns the cards. Cards are added and removed at the end only, so that no field is rebuilt
    while a person types in it. A keyframe is moved by a drag of its card, or by keys.

    In the order of the Tab key, it follows the field `before`.

    Signals: method_chosen(segment, name); carried(y) while a card is dragged, with y in pixels from
    the top of the list.
    """

    method_chosen = Signal(int, str)
    carried = Signal(int)

    def __init__(
        self,
        state: ExplorerState,
        thumbnails: Thumbnails,
        vocabulary: Vocabulary,
        theme: Theme,
        before: QWidget,
    ) -> None:
        super().__init__()
        self._state, self._theme, self._before = state, theme, before
        self._thumbnails, self._vocabulary = thumbnails, vocabulary
        self._cards: list[KeyframeCard] = []
        self._links: list[SegmentLink] = []
        self._column = column(self, 0, GAP)
        self._mark = QFrame(self)
        self._mark.setObjectName("mark")
        self._mark.hide()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        parts: list[Themed] = [*self._cards, *self._links]
        for part in parts:
            part.set_theme(theme)

    # ── verbs ────────────────────────────────────────────────────────────────────────────────

    def append(self) -> None:
        """Add a keyframe at the end of the walk."""
        self._put("Add keyframe", appended(self._state.exploration.walk))

    def reseed(self) -> None:
        """Draw new noise for every keyframe that is not locked."""
        self._put("New noise", reseeded(self._state.exploration.walk))

    def focus_prompt(self, number: int) -> QWidget:
        """Move the focus to the prompt of keyframe `number`. Returns its card."""
        card = self._cards[number]
        card.fields[-1].setFocus()
        return card

    def refresh(self) -> None:
        """Show the current walk."""
        count = len(self._state.exploration.walk.keyframes)
        if count != len(self._cards):
            self._match(count)
            self._order_tabs()
        for card in self._cards:
            card.refresh()
        for link in self._links:
            link.refresh()

    def _put(self, label: str, walk: Walk) -> None:
        self._state.edit(replace(self._state.exploration, walk=walk), label)

    def _remove(self, index: int) -> None:
        self._put("Remove keyframe", removed(self._state.exploration.walk, index))

    # ── another order ────────────────────────────────────────────────────────────────────────

    def _move(self, index: int, to: int) -> None:
        if to == index or not 0 <= to < len(self._cards):
            return
        self._put("Move keyframe", moved(self._state.exploration.walk, index, to))
        self._take_focus_along(index, to)

    def _take_focus_along(self, index: int, to: int) -> None:
        """Focus the same field on the keyframe's new card, so that the next key moves it again."""
        fields = self._cards[index].findChildren(QWidget)
        focused = self.window().focusWidget()
        if focused in fields:
            self._cards[to].findChildren(QWidget)[fields.index(focused)].setFocus()

    def _gap_at(self, y: int) -> int:
        """Returns the number of the card before which a drop at `y` of the screen would insert."""
        return sum(y > card.mapToGlobal(card.rect().center()).y() for card in self._cards)

    def _drag(self, index: int, y: int) -> None:
        """Show where a drop would insert card `index`, unless that is its present place."""
        gap = self._gap_at(y)
        last = gap == len(self._cards)
        edge = self._cards[-1].geometry().bottom() if last else self._cards[gap].y() - GAP
        self._mark.setGeometry(0, edge + (GAP - MARK) // 2, self.width(), MARK)
        self._mark.setVisible(gap not in (index, index + 1))
        self._mark.raise_()
        self.carried.emit(self.mapFromGlobal(QPoint(0, y)).y())

    def _drop(self, index: int, y: int) -> None:
        self._mark.hide()
        gap = self._gap_at(y)
        self._move(index, gap - 1 if gap > index else gap)

    # ── cards ────────────────────────────────────────────────────────────────────────────────

    def _match(self, count: int) -> None:
        while len(self._cards) < count:
            self._append_card()
            self._append_link()
        while len(self._cards) > count:
            for part in (self._cards.pop(), self._links.pop()):
                self._column.removeWidget(part)
                part.hide()
                part.deleteLater()

    def _order_tabs(self) -> None:
        """Set the tab order: cards are created after the widgets below them, but come before."""
        fields = [field for card in self._cards for field in card.fields]
        for card, link in zip(self._cards, self._links, strict=True):
            fields.insert(fields.index(card.fields[-1]) + 1, link)
        inner = [field.focusProxy() or field for field in (self._before, *fields)]
        for first, second in pairwise(inner):
            QWidget.setTabOrder(first, second)

    def _append_card(self) -> None:
        card = KeyframeCard(
            self._state, len(self._cards), self._thumbnails, self._vocabulary, self._theme
        )
        card.removal_asked.connect(self._remove)
        card.move_asked.connect(self._move)
        card.dragged.connect(self._drag)
        card.dropped.connect(self._drop)
        self._cards.append(card)
        self._column.addWidget(card)

    def _append_link(self) -> None:
        link = SegmentLink(self._state, len(self._links), self._theme, self)
        link.chosen.connect(self.method_chosen)
        self._links.append(link)
        self._column.addWidget(link)
