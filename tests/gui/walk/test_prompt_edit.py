"""The prompt field: what it counts, what it greys, and when it speaks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCharFormat, QTextLayout
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit
from pytestqt.qtbot import QtBot

from engine.messages import ModelReady
from engine.requests import build_request
from engine.walk import ARTICLE_PROMPT, Exploration
from gui.state.explorer_state import ExplorerState
from gui.state.vocabulary import Vocabulary
from gui.walk.prompt_edit import PromptEdit
from gui.widgets.theme import DARK
from tests.support.scripted_engine import INFO, MemoryFrames
from tests.support.tiny_families.contract import make_word_tokenizer
from tests.support.tiny_models import make_tokenizer


@pytest.fixture
def model(tmp_path: Path) -> Path:
    make_tokenizer(tmp_path / "tokenizer")
    said = {"hint": "Knows cats.", "examples": ["a cat", "two cats"]}
    (tmp_path / "starter.json").write_text(json.dumps(said), encoding="utf-8")
    return tmp_path


@pytest.fixture
def vocabulary(qapp: QApplication, model: Path) -> Vocabulary:
    state = ExplorerState(MemoryFrames(), Exploration(model=str(model)))
    vocabulary = Vocabulary(state)
    vocabulary.setProperty("state", state)
    vocabulary.load()
    return vocabulary


@pytest.fixture
def edit(vocabulary: Vocabulary, qtbot: QtBot) -> PromptEdit:
    edit = PromptEdit("Prompt", "…", vocabulary, DARK)
    qtbot.addWidget(edit)
    edit.resize(300, 100)
    edit.show()
    return edit


def underlined(edit: PromptEdit) -> list[str]:
    """The words with a wavy underline."""
    block = field_of(edit).document().firstBlock()
    wave = QTextCharFormat.UnderlineStyle.WaveUnderline
    text = block.text().encode("utf-16-le")
    return [
        text[2 * s.start : 2 * (s.start + s.length)].decode("utf-16-le")
        for s in block.layout().formats()
        if s.format.underlineStyle() == wave
    ]


def test_words_that_the_model_never_learnt_are_marked(
    edit: PromptEdit, vocabulary: Vocabulary, model: Path
) -> None:
    edit.set_text("a 🐈 cat riding a bike")
    assert underlined(edit) == []
    (model / "words.json").write_text(json.dumps(["a", "cat", "bow", "tie"]))
    other = Vocabulary(vocabulary.property("state"))
    other.load()
    marked = PromptEdit("Prompt", "…", other, DARK, parent=edit)
    marked.set_text("A 🐈 cat riding a bike, bow-tie")
    assert underlined(marked) == ["riding", "bike"]
    assert said(marked).endswith("The model does not know: riding, bike")
    marked.set_text("A cat, a CAT")
    assert underlined(marked) == []
    assert "know" not in said(marked)


@pytest.mark.parametrize("content", ["{}", "[1, 2]", "[", "[" * 100_000, '["a"]' + " " * 2_000_000])
def test_a_list_of_words_that_is_none_marks_nothing(
    vocabulary: Vocabulary, model: Path, content: str
) -> None:
    (model / "words.json").write_text(content)
    other = Vocabulary(vocabulary.property("state"))
    other.load()
    assert other.unknown_words("an astronaut") == ()


def test_the_starter_model_says_which_words_it_knows(qapp: QApplication) -> None:
    vocabulary = Vocabulary(ExplorerState(MemoryFrames(), Exploration()))
    vocabulary.load()
    assert vocabulary.unknown_words(ARTICLE_PROMPT) == ()
    assert all(vocabulary.unknown_words(text) == () for text in vocabulary.examples)
    text = "an astronaut with a red hat"
    assert [text[a:b] for a, b in vocabulary.unknown_words(text)] == ["astronaut"]


@pytest.mark.parametrize("location", ["someone/tiny", "/models/tiny.safetensors"])
def test_prompts_of_hub_models_and_single_files_are_counted(
    qapp: QApplication, model: Path, location: str
) -> None:
    """Their tokenizer is known once the engine has opened them, under whatever name."""
    state = ExplorerState(MemoryFrames(), Exploration(model=location))
    vocabulary = Vocabulary(state)
    vocabulary.load()
    assert vocabulary.count("a cat") is None
    state.begin_job(build_request(state.exploration, 1))
    info = replace(INFO, name="tiny", location=location, tokenizer=str(model / "tokenizer"))
    state.apply(ModelReady(1, info))
    count = vocabulary.count("cat " * 80)
    assert count is not None
    assert (count.tokens, count.cut) == (80, 4 * 75)
    state.open_exploration(Exploration(model="another/model"))
    assert vocabulary.count("a cat") is None


def test_prompts_of_other_families_are_counted_with_their_own_tokenizer(
    qapp: QApplication, tmp_path: Path
) -> None:
    make_word_tokenizer(512).save_pretrained(tmp_path / "tokenizer_2")
    (tmp_path / "transformer").mkdir()
    make_tokenizer(tmp_path / "tokenizer")
    state = ExplorerState(MemoryFrames(), Exploration(model=str(tmp_path)))
    vocabulary = Vocabulary(state)
    vocabulary.load()
    assert vocabulary.count("a cat") is None, "the tokenizer of CLIP is not the one that matters"
    state.begin_job(build_request(state.exploration, 1))
    folder = str(tmp_path / "tokenizer_2")
    info = replace(INFO, location=str(tmp_path), tokenizer=folder, tokens=5)
    state.apply(ModelReady(1, info))
    count = vocabulary.count("a photo of a red fox")
    assert count is not None
    assert (count.tokens, count.limit, count.cut) == (6, 5, 17)


def field_of(edit: PromptEdit) -> QPlainTextEdit:
    return edit.findChildren(QPlainTextEdit)[0]


def said(edit: PromptEdit) -> str:
    return edit.findChildren(QLabel)[0].text()


def greyed(edit: PromptEdit) -> str:
    """The characters that are struck out."""
    block = field_of(edit).document().firstBlock()
    layout: QTextLayout = block.layout()
    spans = [s for s in layout.formats() if s.format.fontStrikeOut()]
    text = block.text().encode("utf-16-le")
    return "".join(text[2 * s.start : 2 * (s.start + s.length)].decode("utf-16-le") for s in spans)


def test_the_counter_counts_as_the_model_does(edit: PromptEdit, vocabulary: Vocabulary) -> None:
    edit.set_text("a photo of a cat")
    count = vocabulary.count("a photo of a cat")
    assert count is not None
    assert said(edit) == f"{count.tokens}/{count.limit} tokens"
    assert greyed(edit) == ""


def test_what_is_cut_off_is_greyed(edit: PromptEdit, vocabulary: Vocabulary) -> None:
    text = "cat " * 90
    count = vocabulary.count(text)
    assert count is not None
    assert count.tokens > count.limit
    edit.set_text(text)
    assert greyed(edit) == text[count.cut :]
    assert "not read" in said(edit)
    edit.set_text("cat")
    assert greyed(edit) == ""


def test_emoji_do_not_shift_the_cut(edit: PromptEdit, vocabulary: Vocabulary) -> None:
    text = "🐈 cat " * 80
    count = vocabulary.count(text)
    assert count is not None
    edit.set_text(text)
    assert greyed(edit) == text[count.cut :]


def test_only_a_person_s_writing_is_told(edit: PromptEdit, qtbot: QtBot) -> None:
    told: list[tuple[str, str]] = []
    edit.edited.connect(lambda text, key: told.append((text, key)))
    edit.set_text("cat " * 90)
    edit.set_theme(DARK)
    edit.set_text("")
    assert told == []
    QTest.keyClicks(field_of(edit), "ab")
    assert [text for text, _ in told] == ["a", "ab"]
    assert told[0][1] == told[1][1]


def test_enter_submits_and_writes_no_line(edit: PromptEdit, qtbot: QtBot) -> None:
    edit.set_text("cat")
    with qtbot.waitSignal(edit.submitted):
        QTest.keyClick(field_of(edit), Qt.Key.Key_Return)
    assert edit.text == "cat"


def test_the_field_grows_with_its_text(edit: PromptEdit) -> None:
    low = field_of(edit).height()
    edit.set_text("a long prompt about a cat " * 6)
    assert field_of(edit).height() > low


def test_what_a_model_knows_is_read_beside_it(vocabulary: Vocabulary) -> None:
    assert vocabulary.hint == "Knows cats."
    assert vocabulary.examples == ("a cat", "two cats")


def test_a_broken_hint_is_no_obstacle(qapp: QApplication, tmp_path: Path) -> None:
    (tmp_path / "starter.json").write_text("{", encoding="utf-8")
    state = ExplorerState(MemoryFrames(), Exploration(model=str(tmp_path)))
    vocabulary = Vocabulary(state)
    vocabulary.load()
    assert vocabulary.hint == ""
    assert vocabulary.count("a cat") is None


@pytest.mark.parametrize("text", ["a\u00a0cat", "a cat\u2028a dog", "a cat\r\na dog"])
def test_a_prompt_that_the_field_writes_otherwise_is_not_edited(
    edit: PromptEdit, text: str
) -> None:
    told: list[str] = []
    edit.edited.connect(lambda text, _key: told.append(text))
    edit.set_text(text)
    edit.set_text(text)
    edit.set_theme(DARK)
    assert told == []
    QTest.keyClicks(field_of(edit), "b")
    assert len(told) == 1


def test_a_model_whose_name_no_system_takes_has_no_words(qapp: QApplication) -> None:
    """A session may hold any name."""
    vocabulary = Vocabulary(ExplorerState(MemoryFrames(), Exploration(model="x" * 300)))
    vocabulary.load()
    assert vocabulary.examples == ()
