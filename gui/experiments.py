"""The article's experiments, one file each in resources/presets, ready to be opened."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.presets import presets
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


def read_experiments() -> list[Experiment]:
    """The experiments that come with the program, made for the model that ships with it."""
    return [Experiment(p.title, p.about, p.exploration) for p in presets() if p.family == "starter"]
