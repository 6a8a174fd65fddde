"""The options of the commands `study` and `meter`, and their start. Imports no large library."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from engine.cli.options import path_argument
from engine.errors import InputError
from engine.requests import Machine
from engine.store.frame_store import FrameStore

EXPERIMENTS = ("study", "meter")


def add_experiments(commands: Any) -> None:
    """Adds the parsers of the commands to the subparsers of the command line."""
    _add_study(commands.add_parser("study", help="run a plan of many walks, as one table"))
    _add_meter(
        commands.add_parser("meter", help="measure what the prompt decides and what the noise")
    )


def run_experiment(options: argparse.Namespace, make_store: Callable[[], FrameStore]) -> int:
    """Runs the command of the options; returns the exit code. Raises InputError and ModelError."""
    if options.command == "study":
        from engine.cli.study import StudyCommand, run_study

        estimate, workers = options.estimate, options.workers
        command = StudyCommand(options.plan, options.out, options.resume, workers, estimate)
        return run_study(command)
    return _meter(options, make_store())


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


def _add_out(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("--out", type=path_argument, required=True, metavar="FOLDER", help=text)


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="NAME|FOLDER|HUB-ID", help="default: starter")
    parser.add_argument("--device", default="", metavar="NAME", help="cuda, cuda:1, mps or cpu")
    parser.add_argument("--precision", default="", metavar="P", help="float32, float16, bfloat16")


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
            Machine(options.device, options.precision),
        ),
        store,
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


def _numbers(text: str | None) -> tuple[float, ...]:
    """Parses guidances such as "1,7.5". Raises InputError."""
    try:
        found = tuple(float(part) for part in (text or "").split(",") if part.strip())
    except ValueError as error:
        raise InputError(f"--guidance takes numbers such as 1,7.5, not {text!r}.") from error
    if not all(0 <= value <= 100 for value in found):
        raise InputError(f"--guidance takes numbers from 0 to 100, not {text!r}.")
    return found
