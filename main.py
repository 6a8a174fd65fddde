"""Latent Trails: reads the command line and creates state, engine and window."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from engine.atomic import person_path
from engine.cli.options import (
    add_walk_options,
    downloads_of,
    exploration_from,
    named_model,
    path_argument,
    weight_bits,
)
from engine.errors import InputError, ModelError
from engine.export.frame_rate import frame_rate
from engine.models.locate import FoundModel
from engine.render.batch_memory import BatchMemory
from engine.render.cpu_sharing import wait_briefly
from engine.requests import Machine
from engine.store.frame_store import FrameStore
from engine.walk import Exploration

COMMANDS = ("window", "render", "score", "doctor", "bench")
SAFE = "--safe"
DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
#: What the article scores, and at how many frames.
ARTICLE_METHODS, ARTICLE_FRAMES = "linear,normalized,slerp", 300


class _Parser(argparse.ArgumentParser):
    """A parser that reports an error in one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{message[:1].upper()}{message[1:]}; see {self.prog} --help.\n")


def build_parser() -> argparse.ArgumentParser:
    """Makes the parser of the command line."""
    parser = _Parser(prog="run.sh", description="Walk through a diffusion model's latent space.")
    commands = parser.add_subparsers(dest="command", parser_class=_Parser)
    _add_window(commands.add_parser("window", help="open the window, as without any argument"))
    _add_render(commands.add_parser("render", help="render a walk into files"))
    _add_score(
        commands.add_parser("score", help="measure walks by several methods, as the article does")
    )
    doctor = commands.add_parser("doctor", help="examine this installation")
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")
    _add_bench(
        commands.add_parser("bench", help="measure the speed beside diffusers' own pipeline")
    )
    return parser


def _add_window(window: argparse.ArgumentParser) -> None:
    window.add_argument(
        "file", nargs="?", type=path_argument, help="a session file or an exported picture"
    )
    window.add_argument(SAFE, action="store_true", help="use CPU, starter model and default panels")


def _add_render(render: argparse.ArgumentParser) -> None:
    render.add_argument(
        "--out", type=path_argument, required=True, help="a folder, or a file by its suffix"
    )
    add_walk_options(render)
    render.add_argument("--method", metavar="NAME", help="interpolation method; default: slerp")
    render.add_argument("--compare", metavar="A,B,…", help="render these methods side by side")
    render.add_argument(
        "--difference",
        metavar="NAME",
        default="",
        help="heat maps of the differences from this method",
    )
    render.add_argument(
        "--fps", type=frame_rate, help="frames a second: 23.976 or 24000/1001; default: 24"
    )
    render.add_argument("--columns", type=int, help="columns of a sheet; default: 9")
    render.add_argument("--scale", type=int, help="enlarge the pictures, 1 to 8 times")
    render.add_argument(
        "--picture-width", type=int, metavar="PIXELS", help="enlarge or reduce the pictures to this"
    )
    render.add_argument("--save-latents", type=path_argument, metavar="FILE.safetensors")
    render.add_argument(
        "--no-metadata", action="store_true", help="write no prompt, seed and settings into files"
    )
    render.add_argument("--overwrite", action="store_true", help="replace existing files")


def _add_score(score: argparse.ArgumentParser) -> None:
    score.add_argument("--methods", dest="compare", metavar="A,B,…", default=ARTICLE_METHODS)
    score.add_argument("--text", metavar="T", help="scoring text; default: the walk's prompt")
    score.add_argument("--scorer", metavar="FOLDER|HUB-ID", help="CLIP; default: the model's own")
    score.add_argument(
        "--measures", metavar="A,B,…", help="default: scores, sharpness, steps, latent"
    )
    score.add_argument(
        "--out", type=path_argument, metavar="FILE", help="one row a frame: .csv or .json"
    )
    score.add_argument("--overwrite", action="store_true", help="replace existing files")
    add_walk_options(score)
    score.set_defaults(frames=ARTICLE_FRAMES)


def _add_bench(bench: argparse.ArgumentParser) -> None:
    bench.add_argument(
        "--workload", choices=("starter", "sd14-config", "families"), default="starter"
    )
    bench.add_argument("--quick", action="store_true", help="check equality and memory, no times")
    bench.add_argument(
        "--turns", type=int, default=0, metavar="N", help="how often the cases alternate"
    )
    bench.add_argument(
        "--json", type=path_argument, metavar="FILE", help="write all findings as JSON"
    )


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the process's exit code."""
    wait_briefly()
    actions = {
        "window": _window,
        "render": _render,
        "score": _score,
        "doctor": _doctor,
        "bench": _bench,
    }
    try:
        # A file alone opens in the window, as a desktop hands it over.
        if not arguments or arguments[0] == SAFE or _is_file(arguments[0]):
            arguments = ["window", *arguments]
        options = build_parser().parse_args(arguments)
        return actions[options.command](options)
    except (InputError, ModelError) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED


def _window(options: argparse.Namespace) -> int:
    from gui.app import NO_DISPLAY, has_display, run_window
    from gui.files.app_folders import AppFolders
    from gui.session import Engine

    if not has_display():
        print(NO_DISPLAY, file=sys.stderr)
        return FAILED
    store = _store()

    def make_engine() -> Engine:
        from engine.thread import EngineThread

        return EngineThread(store, batches=_batches())

    folders = AppFolders.usual()
    exploration = Exploration()
    return run_window(
        sys.argv, exploration, store, make_engine, folders, options.file, options.safe
    )


def _is_file(argument: str) -> bool:
    """True if a lone argument is a file to open. Raises InputError for an impossible name."""
    return argument not in COMMANDS and person_path(argument).is_file()


def _render(options: argparse.Namespace) -> int:
    from engine.cli.headless import RenderCommand, render

    model = named_model(options)
    given = {"columns": options.columns, "scale": options.scale, "width": options.picture_width}
    command = RenderCommand(
        _exploration(options, model),
        **_conditions(options),
        found=model,
        out=options.out,
        latents=options.save_latents,
        difference=options.difference,
        metadata=not options.no_metadata,
        parameters={name: value for name, value in given.items() if value is not None},
    )
    return render(command, _store(), batches=_batches())


def _score(options: argparse.Namespace) -> int:
    from engine.cli.scoring import MEASURES, ScoreCommand, score

    model = named_model(options)
    exploration = _exploration(options, model)
    command = ScoreCommand(
        replace(
            exploration,
            scoring_text=exploration.scoring_text if options.text is None else options.text,
            scorer=options.scorer or exploration.scorer,
        ),
        **_conditions(options),
        found=model,
        out=options.out,
        measures=tuple(options.measures.split(",")) if options.measures else MEASURES,
    )
    return score(command, _store())


def _conditions(options: argparse.Namespace) -> dict[str, Any]:
    """Returns the settings that all commands have: existing files, machine, downloads."""
    return {
        "replace": options.overwrite,
        "machine": Machine(
            options.device,
            options.precision,
            batch=options.batch,
            weight_bits=weight_bits(options),
        ),
        "downloads": downloads_of(options),
    }


def _exploration(options: argparse.Namespace, model: FoundModel | None) -> Exploration:
    """Makes and checks the exploration of a command. Raises InputError."""
    from engine.documents.validation import check_exploration

    exploration = exploration_from(options, model)
    check_exploration(exploration)
    if options.batch < 0:
        raise InputError(f"--batch takes a whole number from 1 on, not {options.batch}.")
    columns = getattr(options, "columns", None)
    if columns is not None and columns < 1:
        raise InputError(f"--columns takes a whole number from 1 on, not {columns}.")
    return exploration


def _doctor(options: argparse.Namespace) -> int:
    from engine.cli.doctor import as_json, as_text, examine

    findings = examine()
    print(as_json(findings) if options.json else as_text(findings))
    return DONE


def _bench(options: argparse.Namespace) -> int:
    try:
        from tests.benchmarks.bench import bench
    except ModuleNotFoundError as error:
        raise InputError(
            f"The benchmark lacks {error.name!r}: it is part of the sources, not of the installed "
            "program; get them and start ./run.sh bench there."
        ) from error
    if options.turns < 0:
        raise InputError(f"--turns takes a whole number from 1 on, not {options.turns}.")
    return bench(options.workload, options.quick, options.json, turns=options.turns)


def _store() -> FrameStore:
    """Finished frames, kept between runs in the user's cache folder."""
    return FrameStore(folder=_cache() / "frames")


def _batches() -> BatchMemory:
    """Returns the measured numbers of slots, which are stored next to the frames."""
    return BatchMemory(_cache() / "batches.json")


def _cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("latent-trails", appauthor=False)


def run() -> None:
    """Entry point of the installed program."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
