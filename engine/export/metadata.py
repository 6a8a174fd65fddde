"""Writes and reads the metadata of exports.

Pictures have the key `parameters` in the form of AUTOMATIC1111's web UI, which many programs read,
and the key `latent-trails` with our own document, which contains the whole exploration. Videos have
both as tags, GIFs as comments, WebP animations as EXIF.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from engine.documents.session_file import FORMAT, Origin, encode
from engine.messages import ModelInfo
from engine.methods.carried_noise import ends_met
from engine.methods.contract import make_method
from engine.solvers.contract import solvers
from engine.tracks.prompts import prompt_place, prompts_in
from engine.walk import Exploration, MethodChoice, NoiseSource, Sampling, Walk, lanes_of

_PACKAGES = ("latent-trails", "torch", "diffusers", "transformers")
#: Returns the notes of the frame (lane, index) if it was not made in the usual way.
NotesOf = Callable[[int, int], tuple[str, ...]]


def package_versions() -> dict[str, str]:
    """Returns the versions of this program and of the libraries that influence pixels."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


@dataclass(frozen=True)
class Provenance:
    """An exploration, and how it was rendered: the model's identity, the default solver and the
    scheduler that it stands in for, the device and its precision. `notes` is called when a picture
    is written, on the writer's thread. `certificates` are those of the lanes, see `Origin`."""

    exploration: Exploration
    model: str = ""
    solver: str = ""
    replaced: str = ""
    machine: str = ""
    versions: Mapping[str, str] = field(default_factory=package_versions)
    notes: NotesOf = lambda _lane, _index: ()
    certificates: tuple[dict[str, float], ...] = ()

    @classmethod
    def of(cls, exploration: Exploration, info: ModelInfo | None, notes: NotesOf) -> Provenance:
        """Create it for a model, or for None if the model is unknown."""
        if info is None:
            return cls(exploration, notes=notes)
        machine = f"{info.device} {info.arithmetic}"
        if info.precision_note:
            machine += " (chosen by measurement)"
        if not info.batch_exact:
            machine += " (drawn in other batches, frames may differ in rounding)"
        return cls(exploration, info.identity, info.solver, info.replaced, machine, notes=notes)

    @cached_property
    def _walks(self) -> tuple[Walk, ...]:
        return tuple(lane.walk for lane in lanes_of(self.exploration))

    def picture_text(self, lane: int, index: int) -> dict[str, str]:
        """Return the metadata of frame `index` of `lane`, for `Plan.describe`."""
        time = self._walks[lane].time_of(index)
        made_by = self.model, dict(self.versions), self.machine
        notes = self.notes(lane, index)
        origin = Origin(lane, index, time, *made_by, notes, self.certificates)
        document = encode(self.exploration, origin).decode()
        return {"parameters": self.parameters(lane, index), FORMAT: document}

    def film_tags(self) -> dict[str, str]:
        """Return the metadata of a file that shows the whole walk, for `Plan.about`."""
        origin = Origin(
            model=self.model,
            versions=dict(self.versions),
            machine=self.machine,
            certificates=self.certificates,
        )
        return {
            "title": prompts_in(self._walks[0])[0][:200],
            "description": self.parameters(0, 0),
            "comment": encode(self.exploration, origin).decode(),
        }

    def parameters(self, lane: int, index: int) -> str:
        """Return the common text form: prompt, negative prompt, and a line of settings."""
        walk = self._walks[lane]
        time = walk.time_of(index)
        prompt, noise, method = _nearest(walk, time)
        settings = self._settings(str(noise.seed)) | {
            "Draw": noise.draw,
            "Method": method,
            "Time": round(time, 6),
            "Frame": f"{index + 1}/{walk.frames}",
            "Machine": self.machine,
            "Note": " ".join(self.notes(lane, index)),
            "Version": self._program,
        }
        return _text_of(prompt, walk.negative, settings)

    def walk_text(self) -> str:
        """Return the prompts, and a line of the settings that all frames share."""
        walk = self._walks[0]
        prompts = dict.fromkeys(prompts_in(walk))
        noises = (keyframe.noise for keyframe in walk.keyframes)
        seeds = " · ".join(f"{noise.seed} draw {noise.draw}" for noise in noises)
        settings = self._settings(seeds) | {
            "Frames": walk.frames,
            "Machine": self.machine,
            "Version": self._program,
        }
        return _text_of(" → ".join(prompts), walk.negative, settings)

    def _settings(self, seed: str) -> dict[str, object]:
        """Return the settings of every frame, in the order of the text form."""
        sampling = self.exploration.sampling
        return {
            "Steps": sampling.steps,
            "Sampler": _sampler(sampling.solver or self.solver),
            "Stands in for": "" if sampling.solver else self.replaced,
            "CFG scale": sampling.guidance,
            "Seed": seed,
            "Guidance interval": _interval(sampling),
            "Shared steps": _shared(sampling),
            "Size": f"{sampling.width}x{sampling.height}",
            "Model": self.exploration.model,
        }

    @property
    def _program(self) -> str:
        return f"Latent Trails {self.versions.get('latent-trails', '')}".strip()


def _text_of(prompt: str, negative: str, settings: Mapping[str, object]) -> str:
    """Formats the text form; settings without a value are left out."""
    line = ", ".join(f"{key}: {_quoted(str(v))}" for key, v in settings.items() if v != "")
    lines = [f"Negative prompt: {negative}"] if negative else []
    return "\n".join([prompt, *lines, line])


def _nearest(walk: Walk, time: float) -> tuple[str, NoiseSource, str]:
    """Returns prompt and noise of the keyframe nearest to `time`, and the method there.

    If the method does not lead to the noise of the end, it is that of its segment's start.
    """
    segment, gamma = walk.locate(time)
    start, end = ends_met(walk, segment)
    choice = walk.method_of(segment)
    noise = (end if round(gamma) and _leads_to_end(choice) else start).noise
    return prompt_place(walk, time).nearest, noise, choice.name


def _leads_to_end(choice: MethodChoice) -> bool:
    """True if the latent at γ = 1 depends on that of the end."""
    method, start = make_method(choice), np.zeros((1, 2, 2))
    return bool((method.latent(start, start, 1.0) != method.latent(start, start + 1.0, 1.0)).any())


def _sampler(solver: str) -> str:
    """Returns a solver's name in the spelling of the web UI."""
    label: str = solvers.get(solver).label if solver else ""
    return label.replace("DPM-Solver++", "DPM++")


def _interval(sampling: Sampling) -> str:
    """Returns the share of the steps with guidance, or "" for all steps."""
    span = sampling.guidance_from, sampling.guidance_to
    return "" if span == (0.0, 1.0) else f"{span[0]:g} to {span[1]:g}"


def _shared(sampling: Sampling) -> str:
    """Returns the share of the steps that frames share, or "" for none."""
    return f"{sampling.shared_steps:g}" if sampling.shared_steps else ""


def _quoted(text: str) -> str:
    """Writes values with a separator as JSON, as the web UI does."""
    return json.dumps(text, ensure_ascii=False) if set(text) & set(",:\n") else text
