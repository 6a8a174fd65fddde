"""Latent Trails: reads the command line and creates state, engine and window."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.atomic import person_path
from engine.cli.arguments import COMMANDS, SAFE, build_parser
from engine.cli.experiments import EXPERIMENTS, run_experiment
from engine.cli.options import (
    downloads_of,
    exploration_from,
    machine_of,
    named_model,
    names_of,
)
from engine.errors import InputError, ModelError
from engine.models.locate import FoundModel
from engine.render.batch_memory import BatchMemory
from engine.render.cpu_sharing import wait_briefly
from engine.store.frame_store import FrameStore
from engine.walk import Exploration

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
#: Most frames at once; a device's memory may hold fewer.
MOST_AT_ONCE = 1000


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the process's exit code."""
    wait_briefly()
    actions = {
        "window": _window,
        "render": _render,
        "score": _score,
        "atlas": _atlas,
        **dict.fromkeys(EXPERIMENTS, lambda options: run_experiment(options, _store)),
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
    from engine.models.inspection.check import STARTER_FOLDER
    from engine.models.inspection.recommended_settings import opening_walk
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
    exploration = Exploration(walk=opening_walk(STARTER_FOLDER))
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
        even_out=options.even_out or _speed_of(options),
        metadata=not options.no_metadata,
        parameters={name: value for name, value in given.items() if value is not None},
    )
    return render(command, _store(), batches=_batches())


def _speed_of(options: argparse.Namespace) -> str:
    """Returns the speed of a preset with even steps, or "". Compared methods have none."""
    if options.preset is None or options.compare:
        return ""
    from engine.documents.presets import find_preset

    return "steady" if find_preset(options.preset).even else ""


def _atlas(options: argparse.Namespace) -> int:
    from engine.atlas.grid import Area
    from engine.cli.atlas import AtlasCommand, atlas

    model = named_model(options)
    exploration = _exploration(options, model)
    command = AtlasCommand(
        replace(exploration, scorer=options.scorer or exploration.scorer),
        **_conditions(options),
        found=model,
        out=options.out,
        across=options.across,
        area=Area(*options.area) if options.area else None,
        texts=() if options.texts is None else names_of(options.texts, "texts", ";"),
        clusters=options.clusters,
    )
    return atlas(command, _store(), batches=_batches())


def _score(options: argparse.Namespace) -> int:
    from engine.cli.scoring import MEASURES, ScoreCommand, score

    if options.pairs < 1:
        raise InputError(f"--pairs takes a whole number from 1 on, not {options.pairs}.")
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
        measures=MEASURES if options.measures is None else names_of(options.measures, "measures"),
        pairs=options.pairs,
    )
    return score(command, _store())


def _conditions(options: argparse.Namespace) -> dict[str, Any]:
    """Returns the settings that all commands have: existing files, machine, downloads."""
    return {
        "replace": options.overwrite,
        "machine": machine_of(options),
        "downloads": downloads_of(options),
    }


def _exploration(options: argparse.Namespace, model: FoundModel | None) -> Exploration:
    """Makes and checks the exploration of a command. Raises InputError."""
    from engine.documents.validation import check_exploration

    exploration = exploration_from(options, model)
    check_exploration(exploration)
    if not 0 <= options.batch <= MOST_AT_ONCE:
        raise InputError(
            f"--batch takes a whole number from 1 to {MOST_AT_ONCE}, not {options.batch}."
        )
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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a windowed program has none
            stream.reconfigure(errors="replace")
    try:
        try:
            sys.exit(main(sys.argv[1:]))
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        # The reader, such as `head`, has ended. The rest goes nowhere, also at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)


if __name__ == "__main__":
    run()
