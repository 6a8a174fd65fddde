"""The options of the commands that measure many pictures, and their start. Imports no large
library."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from engine.atomic import Existing, WriteError, check_writable
from engine.cli.options import add_machine, machine_of, names_of, path_argument
from engine.errors import InputError
from engine.store.frame_store import FrameStore
from engine.walk import ARTICLE_PROMPT

EXPERIMENTS = ("study", "meter", "influence", "direction")


def add_experiments(commands: Any) -> None:
    """Adds the parsers of the commands to the subparsers of the command line."""
    _add_study(commands.add_parser("study", help="run a plan of many walks, as one table"))
    _add_meter(
        commands.add_parser("meter", help="measure what the prompt decides and what the noise")
    )
    _add_influence(
        commands.add_parser("influence", help="change parts of z_T and see what they decide")
    )
    _add_direction(
        commands.add_parser("direction", help="find a direction in z_T for a measure, and test it")
    )


def run_experiment(options: argparse.Namespace, make_store: Callable[[], FrameStore]) -> int:
    """Runs the command of the options; returns the exit code. Raises InputError and ModelError."""
    actions = {"meter": _meter, "influence": _influence, "direction": _direction}
    try:
        if options.command == "study":
            return _study(options)
        from engine.atlas.files import check_folder

        check_folder(options.out, Existing.REPLACE)
        check_writable(options.out)
        return actions[options.command](options, make_store())
    except WriteError as error:
        raise InputError(str(error)) from error


def _study(options: argparse.Namespace) -> int:
    from engine.cli.study import StudyCommand, run_study

    return run_study(
        StudyCommand(
            options.plan,
            options.out,
            options.resume,
            options.workers,
            options.estimate,
            options.ray,
            options.figure,
            names_of(options.measures, "measures") if options.measures is not None else (),
        )
    )


def _add_study(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("plan", type=path_argument, metavar="PLAN.toml")
    _add_out(parser, "of tables and report")
    parser.add_argument("--resume", action="store_true", help="go on with the study in FOLDER")
    parser.add_argument(
        "--workers", type=int, default=0, metavar="N", help="default: one a core, or one on a GPU"
    )
    parser.add_argument(
        "--estimate", action="store_true", help="measure time and space of the plan, and stop"
    )
    parser.add_argument(
        "--ray", default="", metavar="ADDRESS|local", help="run on the Ray cluster at ADDRESS"
    )
    parser.add_argument(
        "--figure",
        type=path_argument,
        metavar="FILE",
        help="write the plots of the finished cells as .pdf, .svg or .png, and stop",
    )
    parser.add_argument("--measures", metavar="X,Y,…", help="those in the figure; default: all")


def _add_meter(parser: argparse.ArgumentParser) -> None:
    _add_out(parser, "of table, plot and page; existing ones are replaced")
    _add_model(parser)
    parser.add_argument(
        "--prompts", type=path_argument, metavar="FILE", help="one a line; default: examples"
    )
    parser.add_argument("--noises", type=int, default=16, metavar="N", help="default: 16")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the first; default: 1")
    parser.add_argument("--guidance", metavar="X,Y,…", help="default: the model's own")
    parser.add_argument("--steps", type=int, metavar="N", help="default: the model's own")
    parser.add_argument("--scorer", default="", metavar="FOLDER|HUB-ID", help="CLIP")


def _add_influence(parser: argparse.ArgumentParser) -> None:
    _add_common(parser, seeds=12)
    parser.add_argument(
        "--grid", type=int, default=4, metavar="N", help="regions a side; default: 4"
    )


def _add_direction(parser: argparse.ArgumentParser) -> None:
    _add_common(parser, seeds=200)
    parser.add_argument("--toward", default="", metavar="T", help="CLIP: the text to walk to")
    parser.add_argument("--away", default="", metavar="T", help="CLIP: the text to walk from")
    parser.add_argument("--scorer", default="", metavar="FOLDER|HUB-ID", help="CLIP")
    parser.add_argument("--colour", default="", help="red-blue, red-green, yellow-blue, light-dark")
    parser.add_argument(
        "--region",
        default="0,0,1,1",
        metavar="L,T,R,B",
        help="of the colour, in shares of the picture; default: all of it",
    )
    parser.add_argument(
        "--held-out", type=int, default=40, metavar="N", help="seeds of the test; default: 40"
    )
    parser.add_argument(
        "--degrees", type=float, default=60.0, metavar="X", help="each way; default: 60"
    )


def _add_common(parser: argparse.ArgumentParser, seeds: int) -> None:
    _add_out(parser, "of tables and page; existing ones are replaced")
    _add_model(parser)
    parser.add_argument("--prompt", default=ARTICLE_PROMPT, metavar="T")
    parser.add_argument("--seeds", type=int, default=seeds, metavar="N", help=f"default: {seeds}")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the first; default: 1")
    parser.add_argument("--steps", type=int, metavar="N", help="default: the model's own")
    parser.add_argument("--guidance", metavar="X", help="default: the model's own")


def _add_out(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("--out", type=path_argument, required=True, metavar="FOLDER", help=text)


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="NAME|FOLDER|HUB-ID", help="default: starter")
    add_machine(parser)


def _meter(options: argparse.Namespace, store: FrameStore) -> int:
    from engine.cli.meter import MeterCommand, meter

    _require(options, noises=(3, 10_000), seed=(0, 2**63), steps=(1, 1000))
    return meter(
        MeterCommand(
            _found(options),
            options.out,
            options.prompts,
            options.noises,
            options.seed,
            _numbers(options.guidance),
            options.steps,
            options.scorer,
            machine_of(options),
        ),
        store,
    )


def _influence(options: argparse.Namespace, store: FrameStore) -> int:
    from engine.cli.dimensions import influence

    _require(options, seeds=(2, 100_000), seed=(0, 2**63), steps=(1, 1000), grid=(1, 16))
    return influence(_dimension(options), options.grid, store)


def _direction(options: argparse.Namespace, store: FrameStore) -> int:
    from engine.cli.dimensions import DirectionChoice, direction

    # A keyframe holds the noises of all seeds.
    _require(options, seeds=(10, 900), seed=(0, 2**63), steps=(1, 1000))
    if not 4 <= options.held_out <= 100_000:
        raise InputError(f"--held-out takes a whole number from 4 on, not {options.held_out}.")
    if not 0 < options.degrees <= 90:
        raise InputError(f"--degrees takes a number above 0, up to 90, not {options.degrees:g}.")
    box = _numbers(options.region, "--region", 1.0)
    if len(box) != 4 or box[0] >= box[2] or box[1] >= box[3]:
        raise InputError("--region takes left,top,right,bottom such as 0.3,0.6,0.7,1.")
    if options.colour and (options.toward or options.away):
        raise InputError("Give --colour or --toward and --away, not both.")
    choice = DirectionChoice(
        options.toward,
        options.away,
        options.colour,
        (box[0], box[1], box[2], box[3]),
        options.scorer,
        options.held_out,
        options.degrees,
    )
    return direction(_dimension(options), choice, store)


def _dimension(options: argparse.Namespace) -> Any:
    """The settings that the commands about dimensions share."""
    from engine.cli.dimensions import DimensionCommand

    guidance = _numbers(options.guidance)
    if len(guidance) > 1:
        raise InputError("--guidance takes one number here.")
    return DimensionCommand(
        _found(options),
        options.out,
        options.prompt,
        options.seeds,
        options.seed,
        options.steps,
        guidance[0] if guidance else None,
        machine_of(options),
    )


def _found(options: argparse.Namespace) -> Any:
    """Locates the model of the options."""
    from engine.cli.options import named_model

    walk = argparse.Namespace(session=None, preset=None, **vars(options))
    return named_model(walk)


def _require(options: argparse.Namespace, **ranges: tuple[int, int]) -> None:
    """Raises InputError for an option outside of its range. None is not checked."""
    for name, (low, high) in ranges.items():
        value = getattr(options, name)
        if value is not None and not low <= value <= high:
            raise InputError(f"--{name} takes a whole number from {low} to {high}, not {value}.")


def _numbers(text: str | None, name: str = "--guidance", high: float = 100.0) -> tuple[float, ...]:
    """Parses numbers such as "1,7.5", each from 0 to `high`. Raises InputError."""
    if text is None:
        return ()
    try:
        found = tuple(map(float, names_of(text, f"numbers of {name}")))
    except ValueError as error:
        raise InputError(f"{name} takes numbers such as 1,7.5, not {text!r}.") from error
    if not all(0 <= value <= high for value in found):
        raise InputError(f"{name} takes numbers from 0 to {high:g}, not {text!r}.")
    return found
