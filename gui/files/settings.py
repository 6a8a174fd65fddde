"""The settings file: preferences, recent files and models, hints, and the window's layout."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, Signal

from engine.errors import InputError
from engine.parameters import build, parameter, parameters_of
from engine.requests import FULL, weights_offered
from engine.walk import ParameterValue
from gui.files.settings_store import SettingsStore

MOST_RECENT = 12
#: Largest height that Qt gives to a widget.
_MOST_PIXELS = 16_777_215
THEMES = ("system", "dark", "light")
AUTOMATIC = "automatic"
DEVICES = (AUTOMATIC, "cuda", "mps", "cpu")
PRECISIONS = (AUTOMATIC, "fp32", "bf16", "fp16")


@dataclass(frozen=True)
class Preferences:
    """The preferences. The form and the checks of values use these declarations."""

    theme: str = parameter("system", "Theme", choices=THEMES, help="Dark, light, or the system's")
    device: str = parameter(
        AUTOMATIC,
        "Device",
        choices=DEVICES,
        help="The device that renders; automatic is the fastest",
    )
    precision: str = parameter(
        AUTOMATIC,
        "Precision",
        choices=PRECISIONS,
        help="Half precision needs half the memory. It is fast on graphics cards and slow on most "
        "CPUs. Automatic is fp16 on graphics cards for SD and SDXL and bf16 for other families; on "
        "a CPU it is fp32, and bf16 for large models for which it measured at least 1.3 times as "
        "fast",
    )
    weights: str = parameter(
        FULL,
        "Weights",
        choices=weights_offered(),
        help="Weights of 8 or 4 bits let large models fit into small memories; pictures differ a "
        "little. SD 1 and 2 have full weights only",
    )
    drafts: bool = parameter(
        False,
        "Drafts first",
        help="Render every picture with few steps first, then with all steps. Drafts are marked; "
        "they are not exported and not measured",
    )
    memory: int = parameter(
        512,
        "Pictures in memory",
        low=64,
        high=65536,
        step=64,
        unit="MB",
        help="Memory for finished pictures; when it is full, the oldest are removed",
    )
    disk: int = parameter(
        2048,
        "Pictures on disk",
        low=0,
        high=1_000_000,
        step=256,
        unit="MB",
        at_low="none",
        help="Disk space for pictures that are kept after the program ends; 0 keeps none",
    )
    export_folder: str = parameter(
        "",
        "Export folder",
        unit="folder",
        help="Default folder of exports; empty: your picture folder",
    )
    recording_folder: str = parameter(
        "",
        "Recording folder",
        unit="folder",
        help="Folder of recordings; empty: the next recording asks for it",
    )
    recording_scale: int = parameter(
        1,
        "Recordings",
        low=1,
        high=8,
        unit="×",
        help="How many times larger than drawn the pictures of a recording are",
    )
    metadata: bool = parameter(
        True,
        "Metadata in exports",
        help="Write prompt, seed and settings into exported files, so that they can be opened here",
    )
    offline: bool = parameter(
        False, "Offline", help="Never use the network, not even for a model with a hub id"
    )
    hints: bool = parameter(True, "Show hints", help="A line below the picture with the next hint")


class Settings(QObject):
    """Owns the settings file. Each value is checked when it is read; an invalid value is ignored. A
    file that cannot be read is renamed to *.broken. Changes are written at once.

    Signals: changed(preferences).
    """

    changed = Signal(object)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._store = SettingsStore(path)
        self.preferences = self._read_preferences()

    def set_preferences(self, preferences: Preferences) -> None:
        """Store other preferences and emit `changed`."""
        if preferences == self.preferences:
            return
        self.preferences = preferences
        for name, value in asdict(preferences).items():
            self._store.set(f"preferences/{name}", value)
        self._store.save()
        self.changed.emit(preferences)

    def _read_preferences(self) -> Preferences:
        known = {p.name: p for p in parameters_of(Preferences)}
        values: list[tuple[str, ParameterValue]] = []
        for field in fields(Preferences):
            stored = self._store.get(f"preferences/{field.name}")
            if stored is None:
                continue
            try:
                values.append((field.name, known[field.name].check(stored)))
            except InputError:
                self._store.set(f"preferences/{field.name}", None)
        preferences: Preferences = build(Preferences, tuple(values))
        return preferences

    # ── recent files and models ──────────────────────────────────────────────────────────────

    def recent(self, kind: str) -> list[str]:
        """Returns what was opened last, the newest first. `kind` is "sessions" or "models"."""
        stored = self._store.get(f"recent/{kind}")
        texts = [stored] if isinstance(stored, str) else stored
        return [str(text) for text in texts][:MOST_RECENT] if isinstance(texts, list) else []

    def remember(self, kind: str, name: str) -> None:
        """Move `name` to the start of the recent ones."""
        names = [name, *(other for other in self.recent(kind) if other != name)]
        self._store.set(f"recent/{kind}", names[:MOST_RECENT])
        self._store.save()

    def forget(self, kind: str) -> None:
        """Clear the list of recent ones."""
        self._store.set(f"recent/{kind}", None)
        self._store.save()

    # ── hints and layout ─────────────────────────────────────────────────────────────────────

    def knows(self, hint: str) -> bool:
        """True if the person has already done what a hint suggests."""
        return self._store.get(f"hints/{hint}") is not None

    def learn(self, hint: str) -> None:
        """Store that a hint is done and is not shown again."""
        self._store.set(f"hints/{hint}", 1)
        self._store.save()

    def layout(self) -> tuple[QByteArray, QByteArray] | None:
        """Returns the stored geometry of the window and the state of its panels, or None."""
        geometry, state = (_bytes_of(self._store.get(f"window/{k}")) for k in ("geometry", "state"))
        return (geometry, state) if geometry and state else None

    def fitted_timeline(self) -> int:
        """Returns the stored height of a timeline that was fitted to its rows, or 0."""
        height = self._store.get("window/fitted_timeline")
        return height if type(height) is int and 0 < height <= _MOST_PIXELS else 0

    def keep_layout(
        self, geometry: QByteArray, state: QByteArray, fitted_timeline: int = 0
    ) -> None:
        """Store the layout for the next start."""
        self._store.set("window/fitted_timeline", fitted_timeline)
        self._store.set("window/geometry", _text_of(geometry))
        self._store.set("window/state", _text_of(state))
        self._store.save()


def _bytes_of(text: object) -> QByteArray:
    """Decodes base 64; returns no bytes if `text` is not valid base 64."""
    try:
        return QByteArray(base64.b64decode(text, validate=True) if isinstance(text, str) else b"")
    except ValueError:
        return QByteArray()


def _text_of(layout: QByteArray) -> str:
    return base64.b64encode(layout.data()).decode()
