"""The experiments that run as programs: their options, and the files that they write."""

from __future__ import annotations

from dataclasses import dataclass

from engine.walk import Exploration


@dataclass(frozen=True, slots=True)
class Option:
    """An option of the command line: its label, its first value and a tip. An empty value is left
    out."""

    name: str
    label: str
    value: str = ""
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Experiment:
    """A command with its title, its page and its table. `about` is a sentence for the person."""

    command: str
    title: str
    about: str
    page: str
    table: str


STUDY, METER, INFLUENCE, DIRECTION = NAMES = ("study", "meter", "influence", "direction")
EXPERIMENTS = (
    Experiment(
        STUDY,
        "Study",
        "Measures many pairs of noises by several methods. A stopped study goes on where it was.",
        "report.html",
        "means.csv",
    ),
    Experiment(
        METER,
        "Seed meter",
        "Draws every prompt with every noise, and says how much each of them decides.",
        "meter.html",
        "meter.csv",
    ),
    Experiment(
        INFLUENCE,
        "Influence of parts",
        "Draws channels, regions and bands of the noise anew, and shows where the picture changes.",
        "influence.html",
        "influence.csv",
    ),
    Experiment(
        DIRECTION,
        "Direction",
        "Finds a direction in the noise that raises a measure, and tests it on other seeds.",
        "direction.html",
        "direction.csv",
    ),
)


def options_of(experiment: Experiment, exploration: Exploration) -> tuple[Option, ...]:
    """The options of an experiment other than a study, filled from the walk."""
    sampling, first = exploration.sampling, exploration.walk.keyframes[0]
    shared: tuple[Option, ...] = (
        Option("model", "Model", exploration.model, "starter, a folder, a file or a hub id"),
        Option("steps", "Steps", str(sampling.steps), "Steps of a picture"),
        Option("guidance", "Guidance", f"{sampling.guidance:g}", "A number"),
        Option("seed", "First seed", str(first.noise.seed), "The seeds after it are used, too"),
    )
    if experiment.command == METER:
        prompts = Option("prompts", "File of prompts", "", "One a line; empty for examples")
        return (*shared, Option("noises", "Noises", "16", "From 3 on"), prompts)
    shared = (Option("prompt", "Prompt", first.prompt, "The prompt of all pictures"), *shared)
    if experiment.command == INFLUENCE:
        grid = Option("grid", "Regions a side", "4", "4 are 16 regions")
        return (*shared, Option("seeds", "Pairs of noises", "12", "From 2 on"), grid)
    return (
        *shared,
        Option("seeds", "Seeds to fit", "200", "More find a better direction"),
        Option("held-out", "Seeds to test", "40", "Other seeds than those of the fit"),
        Option("colour", "Colour", "red-blue", "Or red-green, yellow-blue, light-dark; or texts"),
        Option("region", "Region of the colour", "0,0,1,1", "Left, top, right, bottom, in 0…1"),
        Option("toward", "Text to walk to", "", "For CLIP, without a colour"),
        Option("away", "Text to walk from", "", "For CLIP, without a colour"),
    )
