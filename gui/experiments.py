"""The article's experiments, one file each in resources/presets, ready to be opened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import resources

import msgspec

from engine.session_file import decode
from engine.walk import Exploration


@dataclass(frozen=True, slots=True)
class Experiment:
    """A session with a title, and a sentence that says what it shows."""

    title: str
    about: str
    exploration: Exploration

    def on(self, current: Exploration) -> Exploration:
        """The experiment with the model and the sampling that are in use."""
        return replace(
            self.exploration, model=current.model, sampling=current.sampling, fps=current.fps
        )


@dataclass(frozen=True, slots=True)
class _Head:
    title: str
    about: str = ""


def read_experiments() -> list[Experiment]:
    """All experiments that come with the program, in the order of their files."""
    folder = resources.files("resources").joinpath("presets")
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda f: f.name
    )
    return [_read(file.name, file.read_bytes()) for file in files]


def _read(name: str, data: bytes) -> Experiment:
    head = msgspec.json.decode(data, type=_Head)
    exploration, _ = decode(data, name)
    return Experiment(head.title, head.about, exploration)
