"""The options of each experiment other than a study, filled from the walk."""

from __future__ import annotations

from engine.walk import Exploration
from gui.study.kinds import (
    DIRECTION,
    INFLUENCE,
    METER,
    Choices,
    Experiment,
    File,
    Number,
    Numbers,
    Option,
    Region,
    Seed,
    Text,
    Whole,
)

_COLOURS = (
    ("Red, less blue", "red-blue"),
    ("Red, less green", "red-green"),
    ("Yellow, less blue", "yellow-blue"),
    ("Lightness", "light-dark"),
    ("None: two texts", ""),
)


def options_of(experiment: Experiment, exploration: Exploration) -> tuple[Option, ...]:
    """The options of an experiment with their values from a walk; none for a study."""
    first = exploration.walk.keyframes[0]
    prompt = Option("prompt", "Prompt", first.prompt, Text(kept=True), "Of all pictures")
    if experiment.command == METER:
        return _meter(exploration)
    if experiment.command == INFLUENCE:
        pairs = Option("seeds", "Pairs of noises", "12", Whole(2, 100_000), "From 2 on")
        grid = Option("grid", "Regions a side", "4", Whole(1, 16), "4 are 16 regions")
        return (prompt, *_shared(exploration), pairs, grid)
    if experiment.command == DIRECTION:
        return (prompt, *_shared(exploration), *_direction())
    return ()


def _shared(exploration: Exploration, several: bool = False) -> tuple[Option, ...]:
    """The options of all experiments; `several` takes more than one guidance."""
    sampling, seed = exploration.sampling, exploration.walk.keyframes[0].noise.seed
    model = "starter, a folder, a file or a hub id"
    scale = "Strength of the prompt"
    one, more = Number(0.0, 100.0, 0.5), Numbers(0.0, 100.0)
    guidance = (more, f"{scale}; several with commas between them") if several else (one, scale)
    return (
        Option("model", "Model", exploration.model, Text(needed="name a model"), model),
        Option("steps", "Steps", str(sampling.steps), Whole(1, 1000), "Steps of a picture"),
        Option("guidance", "Guidance", f"{sampling.guidance:.12g}", *guidance),
        Option("seed", "First seed", str(seed), Seed(2**63), "The seeds after it are used, too"),
    )


def _meter(exploration: Exploration) -> tuple[Option, ...]:
    prompts = "One prompt a line; empty for examples"
    return (
        *_shared(exploration, several=True),
        Option("noises", "Noises", "16", Whole(3, 10_000), "From 3 on"),
        Option("prompts", "File of prompts", "", File(), prompts),
    )


def _direction() -> tuple[Option, ...]:
    colour, texts = ("colour", True), ("colour", False)
    text = Text(needed="write a text for CLIP, or choose a colour")
    fit, test = "More find a better direction", "Other seeds than those of the fit"
    shares = "Of the colour: left, top, right, bottom in shares of the picture, from 0 to 1"
    return (
        Option("seeds", "Seeds to fit", "200", Whole(10, 900), fit),
        Option("held-out", "Seeds to test", "40", Whole(4, 100_000), test),
        Option("colour", "Colour", "red-blue", Choices(_COLOURS), "What the direction raises"),
        Option("region", "Region", "0,0,1,1", Region(), shares, colour),
        Option("toward", "Text to walk to", "", text, "For CLIP, without a colour", texts),
        Option("away", "Text to walk from", "", text, "For CLIP, without a colour", texts),
    )
