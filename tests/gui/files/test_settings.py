"""What is remembered between two starts, and what happens when it is broken."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QCheckBox, QSpinBox
from pytestqt.qtbot import QtBot

from gui.dialogs.preferences import PreferencesDialog
from gui.files.settings import MOST_RECENT, Preferences, Settings

ROOT = Path(__file__).parents[3]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.ini"


def test_preferences_come_back(file: Path) -> None:
    wanted = Preferences(theme="light", memory=128, metadata=False, export_folder="/tmp/é ö")
    first = Settings(file)
    first.set_preferences(wanted)
    assert Settings(file).preferences == wanted


def test_a_change_is_told_once(file: Path, qtbot: QtBot) -> None:
    settings = Settings(file)
    told: list[Preferences] = []
    settings.changed.connect(told.append)
    settings.set_preferences(replace(settings.preferences, offline=True))
    settings.set_preferences(settings.preferences)
    assert told == [Preferences(offline=True)]


@pytest.mark.parametrize(
    "text",
    [
        "[preferences]\ntheme=purple\nmemory=-3\ndisk=lots\nmetadata=maybe\n",
        "[preferences]\nmemory=99999999999999999999\n[recent]\nsessions=@Invalid()\n",
        "[window]\ngeometry=@ByteArray(x)\nstate=7\n",
        "",
    ],
)
def test_wrong_values_count_as_not_there(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    settings = Settings(file)
    assert settings.preferences == Preferences()
    assert settings.recent("sessions") == []
    assert settings.layout() is None


def test_a_file_that_cannot_be_read_is_set_aside(file: Path) -> None:
    file.parent.mkdir()
    garbage = random.Random(3).randbytes(4000)
    file.write_bytes(garbage)
    settings = Settings(file)
    assert settings.preferences == Preferences()
    settings.set_preferences(Preferences(theme="dark"))
    assert Settings(file).preferences.theme == "dark"
    assert file.with_suffix(".broken").read_bytes() == garbage


def test_what_is_no_file_is_set_aside_too(file: Path) -> None:
    file.mkdir(parents=True)
    settings = Settings(file)
    settings.learn("probe")
    assert Settings(file).knows("probe")
    assert file.with_suffix(".broken").is_dir()


def test_a_file_that_may_not_be_read_does_not_keep_the_program_from_starting(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.parent.mkdir()
    file.write_text("[preferences]\ntheme=dark\n", encoding="utf-8")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("not yours")

    monkeypatch.setattr(Path, "read_text", refuse)
    monkeypatch.setattr(Path, "replace", refuse)
    assert isinstance(Settings(file).preferences, Preferences)


def test_the_newest_recent_file_comes_first_and_once(file: Path) -> None:
    settings = Settings(file)
    for number in range(MOST_RECENT + 3):
        settings.remember("sessions", f"/a/{number}")
    settings.remember("sessions", "/a/9")
    names = Settings(file).recent("sessions")
    assert names[0] == "/a/9"
    assert len(names) == len(set(names)) == MOST_RECENT
    settings.forget("sessions")
    assert settings.recent("sessions") == []


def test_one_recent_file_is_a_list_too(file: Path) -> None:
    settings = Settings(file)
    settings.remember("models", "/only")
    assert Settings(file).recent("models") == ["/only"]


def test_hints_and_layout_stay(file: Path) -> None:
    settings = Settings(file)
    assert not settings.knows("probe")
    settings.learn("probe")
    settings.keep_layout(QByteArray(b"g"), QByteArray(b"s"))
    again = Settings(file)
    assert again.knows("probe")
    assert again.layout() == (QByteArray(b"g"), QByteArray(b"s"))


def test_the_dialog_changes_preferences_as_they_are_edited(file: Path, qtbot: QtBot) -> None:
    settings = Settings(file)
    dialog = PreferencesDialog(settings)
    qtbot.addWidget(dialog)
    fields = {w.accessibleName(): w for w in dialog.findChildren(QSpinBox)}
    fields["Pictures in memory"].setValue(1024)
    checks = {w.accessibleName(): w for w in dialog.findChildren(QCheckBox)}
    checks["Offline"].click()
    assert settings.preferences == Preferences(memory=1024, offline=True)
    settings.set_preferences(Preferences())
    assert fields["Pictures in memory"].value() == 512


RUN = """
import sys
from pathlib import Path
from gui.files.settings import Settings
settings = Settings(Path(sys.argv[1]))
settings.layout(), settings.recent("sessions"), settings.knows("probe")
settings.learn("x")
"""


def write_with_a_pickle(file: Path, canary: Path) -> str:
    """A settings file that Qt writes for a Python object, which runs code when it is read."""

    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return Path.touch, (canary,)

    store = QSettings(str(file), QSettings.Format.IniFormat)
    for key in ("preferences/theme", "recent/sessions", "window/geometry", "hints/probe"):
        store.setValue(key, Bomb())
    store.sync()
    return file.read_text("latin-1")


@pytest.mark.parametrize("spelling", ["@Variant(", r"\x40Variant(", r"\x10040Variant("])
def test_settings_run_nothing(file: Path, tmp_path: Path, spelling: str) -> None:
    canary = tmp_path / "canary"
    file.parent.mkdir()
    text = write_with_a_pickle(file, canary)
    assert text.count("@Variant(") == 4
    file.write_text(text.replace("@Variant(", spelling), "latin-1")
    QSettings(str(file), QSettings.Format.IniFormat).value("preferences/theme")
    assert canary.exists()  # the file is dangerous to Qt's own reader
    canary.unlink()
    subprocess.run([sys.executable, "-c", RUN, str(file)], check=True, timeout=60, cwd=ROOT)
    assert not canary.exists()


@pytest.mark.parametrize(
    "data", [b"=" * 100_000, b"[a]\nx=" + b"[" * 300_000, b"x" * (2 << 20), b"[a]\nx=1e999\n"]
)
def test_hostile_settings_are_defaults(file: Path, data: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(data)
    assert Settings(file).preferences == Preferences()


def test_a_pipe_in_place_of_the_file_is_set_aside(file: Path) -> None:
    file.parent.mkdir()
    os.mkfifo(file)
    settings = Settings(file)
    settings.learn("probe")
    assert Settings(file).knows("probe")


def test_two_windows_keep_what_the_other_has_changed(file: Path) -> None:
    first, second = Settings(file), Settings(file)
    first.learn("one")
    second.learn("two")
    assert Settings(file).knows("one")
    assert Settings(file).knows("two")


@pytest.mark.parametrize(
    "line", ["deep=" + "[" * 100_000, "no value", "fitted_timeline=12345678901234567890"]
)
def test_one_bad_value_leaves_the_others(file: Path, line: str) -> None:
    file.parent.mkdir()
    file.write_text(f"[preferences]\ntheme=dark\n[window]\n{line}\n", "utf-8")
    settings = Settings(file)
    assert settings.preferences.theme == "dark"
    assert settings.fitted_timeline() == 0
    assert not file.with_suffix(".broken").exists()


def test_a_byte_order_mark_of_an_editor_is_no_damage(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("[preferences]\ntheme=dark\n", "utf-8-sig")
    assert Settings(file).preferences.theme == "dark"
