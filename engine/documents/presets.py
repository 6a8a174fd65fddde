"""The article's experiments as presets, one file each in resources/presets.

A file is a session (see session_file.py) with a title and a description. Imports no large library.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib import resources
from itertools import count
from typing import Literal, TypeVar

import msgspec

from engine.documents.session_file import decode
from engine.errors import InputError
from engine.view import View, ViewMode
from engine.walk import Exploration, NoiseSource, Walk

T = TypeVar("T")
Family = Literal["starter", "sd14", "sdxl", "sd3"]
#: The models of the experiments, besides the starter model, as menus name them.
MODEL_NAMES: Mapping[Family, str] = {
    "sd14": "Stable Diffusion 1.4",
    "sdxl": "SDXL",
    "sd3": "Stable Diffusion 3.5",
}
ViewName = Literal["single", "compare", "sheet", "latent", "toy", "mix", "atlas", "regions"]
#: Views of the plane. The other names are those of modes.
_PLANES = {
    "toy": View(plane="toy"),
    "mix": View(plane="mix"),
    "atlas": View(atlas=9),
    "regions": View(atlas=9, clusters=3),
}


@dataclass(frozen=True, slots=True)
class Preset:
    """An experiment. `about` describes it in one sentence.

    `family` is the model for this experiment: the starter model, Stable Diffusion 1.4 with the
    article's settings, or a later model with its own. The exploration has a view and measures that
    suit the experiment. `even` walks have even steps: their frames get new times when they are
    opened in the window or rendered, because these depend on the model's pictures.
    """

    id: str
    title: str
    about: str
    family: Family
    exploration: Exploration
    even: bool = False


@dataclass(frozen=True, slots=True)
class _Head:
    title: str
    about: str
    family: Family
    view: ViewName
    measures: tuple[str, ...]
    even: bool = False


def presets() -> tuple[Preset, ...]:
    """Returns all experiments by family, in the article's order."""
    folder = resources.files("resources").joinpath("presets")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".json"))
    found = [_read(name, folder.joinpath(name).read_bytes()) for name in names]
    return tuple(sorted(found, key=lambda preset: preset.family != "starter"))


def find_preset(name: str) -> Preset:
    """Returns the experiment with this name.

    Examples: "sd14-11-scores", or "scores" for the experiment of the starter model.

    Raises InputError with a list of all names.
    """
    known = {key: p for p in reversed(presets()) for key in (p.id.split("-", 2)[2], p.id)}
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    listing = ", ".join(p.id.split("-", 2)[2] for p in presets() if p.family == "starter")
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {listing}."
    raise InputError(f"There is no preset called {name!r}; {hint}")


def with_own_content(preset: Exploration, own: Exploration) -> Exploration:
    """Returns the experiment with the prompts and noises of `own`'s walk.

    The first prompt of the experiment is replaced by the first prompt of the walk, and so on. The
    noises are replaced in the same way. If the walk has too few prompts, the other prompts stay. If
    it has too few noises, the other noises are further draws of its first seed. The negative prompt
    and the scoring text come from `own`.
    """
    keyframes = [k for walk in (preset.walk, *preset.rows) for k in walk.keyframes]
    prompts = _matched((k.prompt for k in keyframes), (k.prompt for k in own.walk.keyframes))
    noises = _matched((k.noise for k in keyframes), (k.noise for k in own.walk.keyframes))
    taken, seed = set(noises.values()), own.walk.keyframes[0].noise.seed
    further = (source for draw in count() if (source := NoiseSource(seed, draw)) not in taken)
    for noise in dict.fromkeys(k.noise for k in keyframes):
        noises[noise] = noises.get(noise) or next(further)

    def changed(walk: Walk) -> Walk:
        frames = (
            replace(k, prompt=prompts.get(k.prompt, k.prompt), noise=noises[k.noise])
            for k in walk.keyframes
        )
        return replace(walk, keyframes=tuple(frames), negative=own.walk.negative)

    rows = tuple(map(changed, preset.rows))
    walk = changed(preset.walk)
    return replace(preset, walk=walk, rows=rows, scoring_text=own.scoring_text)


def _matched(theirs: Iterable[T], own: Iterable[T]) -> dict[T, T]:
    """Returns pairs of the first distinct values of `theirs` and the values of `own`, in order."""
    return dict(zip(dict.fromkeys(theirs), dict.fromkeys(own), strict=False))


def _read(name: str, data: bytes) -> Preset:
    head = msgspec.json.decode(data, type=_Head)
    exploration, _ = decode(data, name)
    view = _PLANES[head.view] if head.view in _PLANES else View(ViewMode(head.view))
    return Preset(
        name.removesuffix(".json"),
        head.title,
        head.about,
        head.family,
        replace(exploration, measures=head.measures, view=view),
        head.even,
    )
