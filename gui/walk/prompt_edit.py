"""A field for a prompt. It grows with the text, counts tokens, greys text that is cut off, and
underlines words that the model never learnt."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextDocument,
)
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from gui.state.vocabulary import Vocabulary
from gui.widgets.fields import ENTER_KEYS, is_undo
from gui.widgets.plain_text import PlainLabel, plain_tip
from gui.widgets.theme import UNIT, Theme

MOST_LINES = 6


class PromptEdit(QWidget):
    """Shows and edits a prompt.

    Signals: edited(text, key) at each change by the person; the key changes when the field gets
    the focus, so that all changes until it loses the focus are one undo step; submitted, on Enter.
    """

    edited = Signal(str, str)
    submitted = Signal()

    def __init__(
        self,
        name: str,
        placeholder: str,
        vocabulary: Vocabulary,
        theme: Theme,
        lines: int = 2,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._vocabulary = vocabulary
        self._visit = 0
        self._known = self._shown = ""
        self._field = _Field(self, lines)
        self._field.setAccessibleName(name)
        self._field.setPlaceholderText(placeholder)
        self._marks = _Marks(self._field.document())
        self._count = PlainLabel(parent=self)
        self._count.setObjectName("note")
        self._count.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._count.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(UNIT // 2)
        layout.addWidget(self._field)
        layout.addWidget(self._count)
        self.setFocusProxy(self._field)
        self.set_theme(theme)
        self._field.textChanged.connect(self._text_changed)
        vocabulary.changed.connect(self._recount)
        self._recount()

    @property
    def text(self) -> str:
        """The text of the field."""
        return self._field.toPlainText()

    def set_text(self, text: str) -> None:
        """Show a prompt without a signal. The cursor keeps its position if possible."""
        if text != self._shown:
            self._shown = text
            place = self._field.textCursor().position()
            with QSignalBlocker(self._field):
                self._field.setPlainText(text)
            self._known = self.text  # the field writes some blanks and ends of lines otherwise
            cursor = self._field.textCursor()
            cursor.setPosition(min(place, _utf16_length(self.text)))
            self._field.setTextCursor(cursor)
            self._recount()

    def set_theme(self, theme: Theme) -> None:
        self._marks.set_colours(QColor(theme.faint), QColor(theme.warning))
        self._count.setFont(theme.font(0.85, digits=True))

    def setToolTip(self, tip: str) -> None:
        self._field.setToolTip(plain_tip(tip))

    def entered(self) -> None:
        """Begin a new undo step, after the field got the focus."""
        self._visit += 1

    def _text_changed(self) -> None:
        if self.text == self._known:
            return  # only the colours have changed
        self._known = self._shown = self.text
        self._recount()
        self.edited.emit(self.text, f"prompt-{id(self)}-{self._visit}")

    def _recount(self) -> None:
        count = self._vocabulary.count(self.text)
        over = count is not None and count.tokens > count.limit
        unknown = self._vocabulary.unknown_words(self.text)
        self._marks.set_places(
            _utf16_length(self.text[: count.cut]) if count and over else None,
            tuple((_utf16_length(self.text[:a]), _utf16_length(self.text[:b])) for a, b in unknown),
        )
        self._count.setVisible(count is not None and count.tokens > 0)
        if count is not None:
            words = ", ".join(dict.fromkeys(self.text[a:b] for a, b in unknown))
            self._count.setText(
                f"{count.tokens}/{count.limit} tokens"
                + (": the grey part is not read" if over else "")
                + (f"\nThe model does not know: {_shortened(words)}" if words else "")
            )


class _Field(QPlainTextEdit):
    """Plain text in as many lines as it needs, from `lines` up to MOST_LINES."""

    def __init__(self, owner: PromptEdit, lines: int) -> None:
        super().__init__(owner)
        self._owner, self._lines = owner, lines
        self.setTabChangesFocus(True)
        self.setAcceptDrops(False)  # the window handles drops
        self.setUndoRedoEnabled(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(UNIT)
        self.textChanged.connect(self.fit)

    def fit(self) -> None:
        """Set the field's height to that of the text."""
        layout = self.document().documentLayout()
        lines = round(layout.documentSize().height())  # a plain text document's size is in lines
        lines = min(max(lines, self._lines), MOST_LINES)
        policy = Qt.ScrollBarPolicy.ScrollBarAsNeeded
        if lines < MOST_LINES:
            policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(policy)
        edges = 2 * self.frameWidth() + 2 * round(self.document().documentMargin()) + 2
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + edges)

    def sizeHint(self) -> QSize:
        return QSize(160, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._owner.entered()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER_KEYS:
            self._owner.submitted.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if is_undo(event):
            event.ignore()
            return False
        return super().event(event)


class _Marks(QSyntaxHighlighter):
    """Greys the text from a position on, which the model does not read, and underlines words that
    it does not know. Positions count UTF-16 code units."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._start: int | None = None
        self._words: tuple[tuple[int, int], ...] = ()
        self._cut, self._unknown = QTextCharFormat(), QTextCharFormat()
        self._cut.setFontStrikeOut(True)
        self._unknown.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)

    def set_colours(self, cut: QColor, unknown: QColor) -> None:
        self._cut.setForeground(cut)
        self._unknown.setUnderlineColor(unknown)
        self.rehighlight()

    def set_places(self, start: int | None, words: tuple[tuple[int, int], ...]) -> None:
        if (start, words) != (self._start, self._words):
            self._start, self._words = start, words
            self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        here, length = self.currentBlock().position(), _utf16_length(text)
        for first, last in self._words:
            first, last = max(first - here, 0), min(last - here, length)
            if first < last:
                self.setFormat(first, last - first, self._unknown)
        if self._start is not None:
            first = max(self._start - here, 0)
            if first < length:
                self.setFormat(first, length - first, self._cut)


def _shortened(words: str) -> str:
    return words if len(words) <= 120 else f"{words[:119]}…"


def _utf16_length(text: str) -> int:
    """Returns the length in UTF-16 code units, which Qt counts; an emoji has two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
