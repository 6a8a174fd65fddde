"""Choosing a model: what is at hand is checked; what is on the hub comes when it is asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import constants
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from engine.messages import DeviceMemory
from engine.models.hub.client import CachedModel, Hub
from engine.models.inspection.report import ModelReport
from engine.requests import WEIGHT_BITS
from engine.walk import STARTER
from gui.files.settings import Settings
from gui.models.hub_task import CANCELLED, HubTask
from gui.models.model_dialog import ModelDialog
from gui.widgets.background_work import Background
from tests.support.loopback_hub import MODEL, LoopbackHub, serve
from tests.support.tiny_families.pixart import MODELS
from tests.support.tiny_models import make_tiny_clip, make_tiny_model


class Desk:
    """The dialog on a hub of its own, with what it has chosen."""

    def __init__(self, settings: Settings, endpoint: str, cache: Path, qtbot: QtBot) -> None:
        self.parent, self.qtbot, self.cache = QWidget(), qtbot, cache
        qtbot.addWidget(self.parent)
        self.background = Background(self.parent)
        self.dialog = ModelDialog(
            settings, self.background, self.parent, lambda: Hub(endpoint, str(cache), 5.0)
        )
        self.chosen: list[tuple[str, object]] = []
        self.dialog.chosen.connect(lambda *args: self.chosen.append(args))
        self.dialog.open_for(STARTER)

    def names(self) -> list[str]:
        return [
            self.dialog.shelf.list.item(k).text() for k in range(self.dialog.shelf.list.count())
        ]

    def look(self) -> None:
        self.dialog.hub.name.setText(MODEL)
        QTest.keyClick(self.dialog.hub.name, Qt.Key.Key_Return)

    def fetch(self) -> None:
        self.look()
        self.qtbot.waitUntil(lambda: self.dialog.hub.checked, timeout=20000)
        QTest.keyClick(self.dialog.hub.name, Qt.Key.Key_Return)

    def close(self) -> None:
        self.dialog.hub.stop()
        self.background.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


@pytest.fixture
def desk(settings: Settings, tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    """A dialog whose hub cannot be reached."""
    desk = Desk(settings, "http://127.0.0.1:9", tmp_path / "cache", qtbot)
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


@pytest.fixture
def server(folder: Path, online: None) -> Iterator[LoopbackHub]:
    with serve(folder) as hub:
        yield hub


@pytest.fixture
def connected(
    server: LoopbackHub, settings: Settings, tmp_path: Path, qtbot: QtBot
) -> Iterator[Desk]:
    desk = Desk(settings, server.endpoint, tmp_path / "cache", qtbot)
    yield desk
    server.release.set()
    desk.close()
    for thread in threading.enumerate():  # one that was cancelled ends with its next piece
        if thread.name == "model download":
            thread.join(5)


def test_an_unsafe_model_is_named_and_cannot_be_used(desk: Desk, tmp_path: Path) -> None:
    unsafe = tmp_path / "model.ckpt"
    unsafe.write_bytes(b"\x80\x04canary.")
    desk.dialog.offer(str(unsafe))
    desk.qtbot.waitUntil(lambda: "cannot be opened" in desk.dialog.details.text())
    assert not desk.dialog.use_button.isEnabled()
    desk.dialog.use()
    assert desk.chosen == []


def test_a_model_whose_name_no_system_takes_is_not_listed(desk: Desk, settings: Settings) -> None:
    name = "x" * 300
    desk.dialog.shelf.fill([name], name)
    assert desk.dialog.shelf.list.count() == 1


def test_the_button_says_what_it_does(desk: Desk) -> None:
    desk.qtbot.waitUntil(desk.dialog.use_button.isEnabled)
    assert desk.dialog.use_button.text() == "Use this model"
    desk.dialog.hub.name.setText("no name")
    assert not desk.dialog.use_button.isEnabled()
    desk.dialog.hub.name.setText("owner/name")
    assert desk.dialog.use_button.isEnabled()
    assert desk.dialog.use_button.text() == "Check model"


def test_the_offline_switch_is_a_preference(desk: Desk, settings: Settings) -> None:
    desk.dialog.hub.offline.click()
    assert settings.preferences.offline


def test_the_free_memory_of_the_device_is_shown_beside_the_need(desk: Desk, folder: Path) -> None:
    asked: list[bool] = []
    desk.dialog.memory_asked.connect(lambda: asked.append(True))
    desk.dialog.offer(str(folder))
    desk.qtbot.waitUntil(lambda: "of memory in single precision" in desk.dialog.details.text())
    assert asked
    assert "free" not in desk.dialog.details.text()
    desk.dialog.show_memory(DeviceMemory(9_000_000_000, gpu=True, half=True))
    assert "of memory in half precision; 9.0 GB are free." in desk.dialog.details.text()
    desk.dialog.show_memory(DeviceMemory(10, gpu=False, half=False))
    assert "only 0 MB are free: the model is too large." in desk.dialog.details.text()
    desk.dialog.open_for(STARTER)
    desk.qtbot.waitUntil(lambda: "in single precision" in desk.dialog.details.text())
    assert "free" not in desk.dialog.details.text(), "it is asked again"


def test_fewer_bits_of_weights_change_the_need_that_is_shown(
    settings: Settings, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.models.weights_choice.weights_offered", lambda: tuple(WEIGHT_BITS))
    desk = Desk(settings, "http://127.0.0.1:9", tmp_path / "cache", qtbot)
    desk.dialog.offer(str(MODELS[0].write(tmp_path / "model")))
    desk.qtbot.waitUntil(lambda: "of memory in single precision" in desk.dialog.details.text())
    choice = desk.dialog.weights.choice
    assert choice.isVisibleTo(desk.dialog)
    for name, words in (("8 bits", "precision and 8-bit weights"), ("full", "single precision,")):
        choice.choose(name)
        choice.activated.emit(choice.currentIndex())
        assert settings.preferences.weights == name
        assert words in desk.dialog.details.text()
    settings.set_preferences(replace(settings.preferences, weights="4 bits"))
    assert choice.currentData() == "4 bits"
    assert "precision and 4-bit weights" in desk.dialog.details.text()
    desk.close()


def test_without_the_library_there_is_no_choice_of_weights(
    settings: Settings, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.requests.find_spec", lambda _: None)
    desk = Desk(settings, "http://127.0.0.1:9", tmp_path / "cache", qtbot)
    assert not desk.dialog.weights.isVisibleTo(desk.dialog)
    desk.close()


@pytest.mark.usefixtures("online")
def test_a_hub_that_cannot_be_reached_is_said_in_the_dialog(desk: Desk) -> None:
    desk.look()
    desk.qtbot.waitUntil(lambda: "cannot be reached" in desk.dialog.hub.stage.text(), timeout=20000)
    assert desk.dialog.isVisible()
    assert desk.dialog.use_button.isEnabled()
    assert desk.chosen == []


def test_what_a_model_of_the_hub_is_and_takes_is_said_before_it_is_downloaded(
    connected: Desk, server: LoopbackHub
) -> None:
    dialog = connected.dialog
    connected.look()
    connected.qtbot.waitUntil(lambda: dialog.hub.checked, timeout=20000)
    assert "A diffusion model" in dialog.hub.stage.text()
    needed = [f for f in server.folder.rglob("*") if f.suffix in (".json", ".txt", ".safetensors")]
    megabytes = sum(file.stat().st_size for file in needed) / 1e6
    assert f"{megabytes:.0f} MB in {len(needed)} files" in dialog.hub.stage.text()
    assert "of memory as they are stored" in dialog.hub.stage.text()
    assert dialog.use_button.text() == "Download and use"
    assert server.requests == [f"GET /api/models/{MODEL}"]
    dialog.hub.name.setText("another/model")
    assert dialog.use_button.text() == "Check model"
    assert "MB" not in dialog.hub.stage.text()


def test_an_answer_about_a_name_that_is_gone_is_no_look_at_another(
    connected: Desk, server: LoopbackHub
) -> None:
    connected.look()
    connected.dialog.hub.name.setText("another/model")  # as when the cache's model is selected
    connected.qtbot.waitUntil(lambda: not connected.dialog.hub.busy, timeout=20000)
    assert server.requests
    assert connected.dialog.use_button.text() == "Check model"


def test_offline_asks_nothing(
    connected: Desk, server: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    connected.look()
    connected.qtbot.waitUntil(lambda: "offline" in connected.dialog.hub.stage.text())
    assert server.requests == []


def test_a_model_of_the_hub_is_downloaded_then_used(
    connected: Desk, server: LoopbackHub, settings: Settings
) -> None:
    assert server.requests == []
    connected.fetch()
    connected.qtbot.waitUntil(lambda: bool(connected.chosen), timeout=20000)
    location, report = connected.chosen[0]
    assert location == MODEL
    assert isinstance(report, ModelReport)
    assert report.ok
    assert not connected.dialog.isVisible()
    assert settings.recent("models") == [MODEL]


def test_a_download_is_cancelled_and_the_dialog_stays(connected: Desk, server: LoopbackHub) -> None:
    server.stall_after = 1000
    connected.fetch()
    connected.qtbot.waitUntil(
        lambda: (
            connected.dialog.hub.progress.value() > 0
            and "Downloading" in connected.dialog.hub.stage.text()
        ),
        timeout=20000,
    )
    QTest.keyClick(connected.dialog, Qt.Key.Key_Escape)
    connected.qtbot.waitUntil(lambda: "Cancelled" in connected.dialog.hub.stage.text())
    assert connected.dialog.isVisible()
    assert connected.chosen == []


def test_a_cached_model_is_deleted_once_it_is_confirmed(connected: Desk) -> None:
    connected.fetch()
    connected.qtbot.waitUntil(lambda: bool(connected.chosen), timeout=20000)
    connected.dialog.open_for(STARTER)
    connected.qtbot.waitUntil(lambda: any(MODEL in name for name in connected.names()))
    assert not connected.dialog.shelf.remove_button.isEnabled()
    row = next(k for k, name in enumerate(connected.names()) if MODEL in name)
    connected.dialog.shelf.list.setCurrentRow(row)
    connected.dialog.shelf.remove_button.click()
    box = connected.dialog.findChild(QMessageBox)
    assert " MB. You can download it again." in box.text()
    next(b for b in box.findChildren(QPushButton) if b.text() == "Delete").click()
    connected.qtbot.waitUntil(lambda: not any(MODEL in name for name in connected.names()))
    assert not list(connected.cache.glob("models--*"))


@pytest.mark.usefixtures("online")
def test_a_clip_model_is_fetched_for_scoring_and_does_not_draw(
    settings: Settings, tmp_path: Path, qtbot: QtBot
) -> None:
    with serve(make_tiny_clip(tmp_path / "clip")) as server:
        desk = Desk(settings, server.endpoint, tmp_path / "cache", qtbot)
        with qtbot.waitSignal(desk.dialog.scorer_fetched, timeout=20000) as came:
            desk.fetch()
        assert came.args == [MODEL]
        assert "can score" in desk.dialog.hub.stage.text()
        assert desk.chosen == []
        qtbot.waitUntil(lambda: desk.names()[-1].startswith(MODEL))
        desk.dialog.shelf.list.setCurrentRow(desk.dialog.shelf.list.count() - 1)
        qtbot.waitUntil(lambda: "scores pictures" in desk.dialog.details.text())
        assert desk.dialog.shelf.remove_button.isEnabled()
        desk.close()


def test_the_model_in_use_is_selected_also_where_it_is_the_hubs(connected: Desk) -> None:
    connected.fetch()
    connected.qtbot.waitUntil(lambda: bool(connected.chosen), timeout=20000)
    connected.dialog.open_for(MODEL)

    def in_use() -> bool:
        current = connected.dialog.shelf.current
        return current is not None and current.location == MODEL

    connected.qtbot.waitUntil(in_use)
    connected.qtbot.waitUntil(lambda: "epsilon" in connected.dialog.details.text())


def test_a_name_that_is_written_stays_while_the_cache_is_read(
    desk: Desk, settings: Settings, tmp_path: Path
) -> None:
    written = threading.Event()

    class LateHub(Hub):
        """A cache that takes until the name is written."""

        def cached(self) -> tuple[CachedModel, ...]:
            assert written.wait(30)
            return (CachedModel(MODEL, tmp_path, 10),)

    dialog = desk.dialog = ModelDialog(settings, desk.background, desk.parent, LateHub)
    dialog.open_for(MODEL)
    desk.qtbot.waitUntil(dialog.isActiveWindow)  # the list selects its first row with the focus
    dialog.hub.name.setText("another/model")
    written.set()
    desk.qtbot.waitUntil(lambda: desk.names()[-1].startswith(MODEL), timeout=20000)
    assert dialog.hub.hub_id == "another/model"
    assert desk.names()[-1].startswith(MODEL)
    dialog.shelf.list.setCurrentRow(dialog.shelf.list.count() - 1)  # what is asked for last counts
    assert dialog.hub.hub_id == ""


def test_what_is_chosen_while_the_cache_is_read_stays_chosen(
    desk: Desk, settings: Settings, tmp_path: Path, folder: Path
) -> None:
    chosen = threading.Event()

    class LateHub(Hub):
        """A cache that takes until another model is chosen."""

        def cached(self) -> tuple[CachedModel, ...]:
            assert chosen.wait(30)
            return (CachedModel(MODEL, tmp_path, 10),)

    dialog = desk.dialog = ModelDialog(settings, desk.background, desk.parent, LateHub)
    dialog.open_for(MODEL)
    desk.qtbot.waitUntil(dialog.isActiveWindow)
    dialog.offer(str(folder))  # it was dropped on the window
    chosen.set()
    desk.qtbot.waitUntil(lambda: desk.names()[-1].startswith(MODEL), timeout=20000)
    assert dialog.shelf.current is not None
    assert dialog.shelf.current.location == str(folder)


def test_the_dialog_is_opened_again_while_the_hub_is_asked(
    connected: Desk, server: LoopbackHub
) -> None:
    connected.look()
    connected.dialog.open_for(STARTER)
    connected.qtbot.waitUntil(lambda: connected.dialog.hub.checked, timeout=20000)
    assert connected.dialog.hub.hub_id == MODEL


def test_a_check_that_hangs_is_given_up_and_holds_up_no_other(
    desk: Desk, settings: Settings, tmp_path: Path, folder: Path
) -> None:
    release = threading.Event()

    class HangingHub(Hub):
        """A cache on a disk that does not answer."""

        def cached(self) -> tuple[CachedModel, ...]:
            return (CachedModel(MODEL, tmp_path, 10),)

        def folder_of(self, *_: object) -> Path | None:
            release.wait(60)
            return None

    dialog = desk.dialog = ModelDialog(settings, desk.background, desk.parent, HangingHub, 1000)
    dialog.open_for(STARTER)
    desk.qtbot.waitUntil(lambda: desk.names()[-1].startswith(MODEL))
    hanging = dialog.shelf.list.count() - 1
    dialog.shelf.list.setCurrentRow(hanging)
    dialog.offer(str(folder))  # chosen while the check hangs
    desk.qtbot.waitUntil(dialog.use_button.isEnabled)
    dialog.shelf.list.setCurrentRow(hanging)
    desk.qtbot.waitUntil(lambda: "could not be checked within 1 s" in dialog.details.text())
    assert not dialog.use_button.isEnabled()
    release.set()


def test_a_hub_that_never_answers_is_not_waited_for(desk: Desk) -> None:
    release = threading.Event()
    fetching = HubTask(lambda *_: release.wait(60), Hub, desk.parent)
    with desk.qtbot.waitSignal(fetching.ended, timeout=5000) as ended:
        fetching.start()
        fetching.cancel()
    assert ended.args == [None, CANCELLED]
    assert fetching.wait(1000)
    release.set()
