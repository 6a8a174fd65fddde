"""Checks an exploration before it is rendered. Imports no large library.

Each check raises InputError with one sentence.
"""

from __future__ import annotations

import math
from itertools import pairwise

from engine.errors import InputError
from engine.methods.contract import make_method
from engine.solvers.contract import solvers
from engine.timing import check_pace, check_pacing
from engine.tracks.prompts import check_prompts
from engine.view import View
from engine.walk import (
    LEAST_GAP,
    MAX_FRAMES,
    MAX_KEYFRAMES,
    MAX_SEED,
    MAX_SHARED,
    MAX_SIDE,
    MAX_STEPS,
    Exploration,
    Keyframe,
    Sampling,
    Walk,
)

MAX_TEXT = 20_000
MAX_LANES = 100
#: Maximum number of frames of all lanes together.
MAX_PICTURES = 1_000_000
MAX_DRAW = 9999
MAX_GUIDANCE = 100.0
MAX_WEIGHT = 1000.0
MAX_MEASURES = 100
#: Most pictures across an atlas, and most regions of it.
MAX_ATLAS, MAX_REGIONS = 64, 8
MIN_FPS, MAX_FPS = 0.1, 240.0


def check_exploration(exploration: Exploration) -> None:
    """Checks a whole exploration. Raises InputError."""
    _check_text("model's name", exploration.model)
    if not exploration.model.strip() or not exploration.model.isprintable():
        raise InputError("The model needs a name, a folder or a hub id; give one of these.")
    _check_count("rows", len(exploration.rows), 0, MAX_LANES)
    _check_count("compared methods", len(exploration.compare), 0, MAX_LANES)
    lanes = (1 + len(exploration.rows)) * max(len(exploration.compare), 1)
    _check_count("walks side by side (rows times compared methods)", lanes, 1, MAX_LANES)
    for walk in (exploration.walk, *exploration.rows):
        check_walk(walk)
    if lanes * exploration.walk.frames > MAX_PICTURES:
        raise InputError(
            f"{lanes} walks of {exploration.walk.frames:,} frames are more than {MAX_PICTURES:,} "
            "pictures; choose fewer frames, rows or methods."
        )
    for choice in exploration.compare:
        make_method(choice)
    check_sampling(exploration.sampling)
    _check_text("scoring text", exploration.scoring_text)
    _check_text("scorer's name", exploration.scorer)
    _check_count("measures", len(exploration.measures), 0, MAX_MEASURES)
    for name in exploration.measures:
        _check_text("measure's name", name)
    _check_view(exploration.view)
    _check_number("fps", exploration.fps, MIN_FPS, MAX_FPS)


def check_walk(walk: Walk) -> None:
    """Checks frames, keyframes and methods of one walk. Raises InputError."""
    _check_whole("frames", walk.frames, 1, MAX_FRAMES)
    _check_count("keyframes", len(walk.keyframes), 2, MAX_KEYFRAMES)
    _check_text("negative prompt", walk.negative)
    for keyframe in walk.keyframes:
        _check_keyframe(keyframe)
    if len(walk.methods) not in (1, walk.segments):
        raise InputError(
            f"A walk of {walk.segments} segments takes 1 or {walk.segments} methods, "
            f"not {len(walk.methods)}."
        )
    for choice in walk.methods:
        make_method(choice)
    _check_timing(walk)


def _check_timing(walk: Walk) -> None:
    """Checks the times of keyframes, easings, holds and the pacing. Raises InputError."""
    if walk.times:
        _check_count("times of keyframes", len(walk.times), *(len(walk.keyframes),) * 2)
        stops = walk.stops()
        gaps = [after - before for before, after in pairwise(stops)]
        if stops[0] != 0.0 or stops[-1] != 1.0 or not all(gap >= LEAST_GAP for gap in gaps):
            raise InputError(
                "The times of the keyframes increase from 0 to 1; in a loop, the last one is "
                "before 1."
            )
    if walk.paces:
        _check_count("easings", len(walk.paces), walk.segments, walk.segments)
        for pace in walk.paces:
            check_pace(pace)
    _check_count("prompts", len(walk.prompts), 0, MAX_KEYFRAMES)
    for key in walk.prompts:
        _check_text("prompt", key.text)
    check_prompts(walk)
    _check_count("knots of the pacing", len(walk.pacing), 0, MAX_FRAMES)
    check_pacing(walk.pacing)


def check_sampling(sampling: Sampling) -> None:
    """Checks steps, guidance, size and solver. Raises InputError.

    The possible sizes depend on the model and are checked when it is loaded.
    """
    _check_whole("steps", sampling.steps, 1, MAX_STEPS)
    _check_number("guidance", sampling.guidance, 0.0, MAX_GUIDANCE)
    for name, side in (("width", sampling.width), ("height", sampling.height)):
        _check_whole(name, side, 1, MAX_SIDE)
    if sampling.solver:
        solvers.get(sampling.solver)
    _check_number("guidance's start", sampling.guidance_from, 0.0, 1.0)
    _check_number("guidance's end", sampling.guidance_to, sampling.guidance_from, 1.0)
    _check_number("share of shared steps", sampling.shared_steps, 0.0, MAX_SHARED)


def _check_view(view: View) -> None:
    _check_whole("lane in focus", view.lane, 0, MAX_LANES)
    if view.segment is not None:
        _check_whole("segment shown", view.segment, 0, MAX_KEYFRAMES)
    _check_text("name of the trajectory view", view.plane)
    _check_count("keyframes of the plane", len(view.through), 0, 3)
    for number in view.through:
        _check_whole("id of a keyframe of the plane", number, 0, MAX_SEED)
    _check_whole("number of pictures across the atlas", view.atlas, 0, MAX_ATLAS)
    _check_whole("number of clusters", view.clusters, 0, MAX_REGIONS)
    _check_count("texts of regions", len(view.regions), 0, MAX_REGIONS)
    for text in view.regions:
        _check_text("text of a region", text)


def _check_keyframe(keyframe: Keyframe) -> None:
    _check_text("prompt", keyframe.prompt)
    _check_number("scale of a keyframe", keyframe.scale, -MAX_WEIGHT, MAX_WEIGHT)
    _check_count("blended noises", len(keyframe.blend), 0, MAX_KEYFRAMES)
    for term in keyframe.blend:
        _check_number("weight of a noise", term.weight, -MAX_WEIGHT, MAX_WEIGHT)
    _check_whole("id of a keyframe", keyframe.id, 1, MAX_SEED)
    previous = [keyframe.previous] if keyframe.previous is not None else []
    for source in (keyframe.noise, *previous, *(term.source for term in keyframe.blend)):
        _check_whole("seed", source.seed, 0, MAX_SEED)
        _check_whole("draw", source.draw, 0, MAX_DRAW)


def _check_text(name: str, text: str) -> None:
    if len(text) > MAX_TEXT:
        raise InputError(
            f"The {name} has {len(text):,} characters; at most {MAX_TEXT:,} are taken."
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"The {name} holds characters that are none; type it anew.") from None


def _check_count(name: str, count: int, low: int, high: int) -> None:
    if not low <= count <= high:
        raise InputError(f"There must be {low} to {high:,} {name}, not {count:,}.")


def _check_whole(name: str, value: int, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        shown = f"{value}" if abs(value) < 1e30 else "one so large"
        raise InputError(f"The {name} must be a whole number from {low} to {high}, not {shown}.")


def _check_number(name: str, value: float, low: float, high: float) -> None:
    if not math.isfinite(value) or not low <= value <= high:
        raise InputError(f"The {name} must be a number from {low:g} to {high:g}, not {value:g}.")
