"""The command-line options of a walk, and the exploration made from them. Does not import torch."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.atomic import person_path
from engine.errors import InputError
from engine.models.locate import FoundModel
from engine.requests import FULL, Machine, require_weights
from engine.solvers.contract import solvers_for
from engine.walk import (
    ARTICLE_PROMPT,
    STARTER,
    Exploration,
    Keyframe,
    MethodChoice,
    NoiseSource,
    Walk,
)


def path_argument(text: str) -> Path:
    """The path that an option gives. Raises ArgumentTypeError with one sentence."""
    if not text:
        raise argparse.ArgumentTypeError("the name is empty")
    try:
        return person_path(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error).removesuffix(".")) from error


def add_walk_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the walk, its sampling and the machine. Omitted options are None."""
    walk = parser.add_argument_group("walk (defaults: the article's)")
    walk.add_argument(
        "--session", type=path_argument, metavar="FILE", help="start from a session file"
    )
    walk.add_argument(
        "--preset", metavar="NAME", help="start from an experiment, such as three-pairs or scores"
    )
    walk.add_argument(
        "--walk", type=path_argument, metavar="FILE", help="take the walk from a file in TOML"
    )
    walk.add_argument("--model", metavar="NAME|FOLDER|HUB-ID", help=f"default: {STARTER}")
    walk.add_argument("--prompt", metavar="T", help=f"default: {ARTICLE_PROMPT!r}")
    walk.add_argument("--prompt-end", metavar="T", help="default: the same prompt")
    walk.add_argument("--negative", metavar="T", help="negative prompt; default: empty")
    walk.add_argument("--seed", type=int, metavar="N", help="default: 1")
    walk.add_argument("--draw", type=int, metavar="K", help="draw of that seed; default: 0")
    walk.add_argument("--seed-end", type=int, metavar="N", help="default: the same seed")
    walk.add_argument("--draw-end", type=int, metavar="K", help="default: 1")
    walk.add_argument("--param", action="append", metavar="KEY=VALUE", help="of the method")
    walk.add_argument("--frames", type=int, metavar="N")
    _add_sampling(parser.add_argument_group("sampling (defaults: the model's)"))
    machine = parser.add_argument_group("the machine")
    machine.add_argument("--batch", type=int, default=0, metavar="B", help="frames at once")
    add_machine(machine)


def _add_sampling(sampling: Any) -> None:
    sampling.add_argument("--steps", type=int, metavar="N")
    sampling.add_argument("--guidance", type=float, metavar="X")
    sampling.add_argument("--width", type=int, metavar="W")
    sampling.add_argument("--height", type=int, metavar="H")
    sampling.add_argument("--solver", metavar="NAME", help=_solver_help())
    sampling.add_argument(
        "--shared-steps",
        type=float,
        metavar="S",
        help="approximate and faster: the share of the steps that most frames share, 0 to 0.8",
    )


def add_machine(machine: Any) -> None:
    """Adds the options of the machine that all commands have."""
    machine.add_argument("--device", default="", metavar="D", help="cuda, cuda:1, mps or cpu")
    machine.add_argument("--precision", default="", help="fp32, fp16 or bf16")
    machine.add_argument(
        "--weights",
        default=FULL,
        choices=(FULL, "8", "4"),
        help="bits of the weights of large models; full: those of the precision",
    )


def _solver_help() -> str:
    return (
        "default: the solver that equals the model's scheduler, or stands in for it; for diffusion "
        f"models: {', '.join(solvers_for('diffusion'))}; for flow models: "
        f"{', '.join(solvers_for('flow'))}; scheduler is the model's own scheduler"
    )


def named_model(options: argparse.Namespace) -> FoundModel | None:
    """Locates and checks the model of the options; downloads it if necessary.

    Returns None with a session or a preset, which contain their sampling. Raises InputError and
    ModelError.
    """
    if options.session is not None or options.preset is not None:
        return None
    from engine.cli.progress import ProgressLines
    from engine.models.inspection.memory_need import bits_of
    from engine.models.locate import find_model
    from engine.models.running.devices import uses_half

    with ProgressLines(sys.stderr) as lines:
        half, bits = uses_half(options.device, options.precision), weight_bits(options)
        found = find_model(options.model or STARTER, half, lines.tell, downloads_of(options))
        if bits and not bits_of(found.report, bits):
            raise InputError(
                f"Models of the kind {found.report.label} have full weights only; leave out "
                "--weights."
            )
        return found


def exploration_from(options: argparse.Namespace, model: FoundModel | None) -> Exploration:
    """Makes an exploration from the options and from a session, a preset, or the `model`'s
    defaults.

    Raises InputError.
    """
    base = _base(options, model)
    if options.model is not None:
        base = replace(base, model=options.model)
    if options.walk is not None:
        base = replace(base, walk=_walk_of_file(options.walk), rows=(), compare=())
    given = _given(options, "steps", "guidance", "width", "height", "solver", "shared_steps")
    changes = _given(options, "fps")
    if getattr(options, "compare", None) is not None:
        changes["compare"] = tuple(map(MethodChoice, names_of(options.compare, "methods")))
        changes["view"] = replace(base.view, mode=None)
    elif getattr(options, "method", None):
        changes["compare"] = ()
    if options.param:
        changes["compare"] = _with_params(changes.get("compare", base.side_by_side), options)
    walks = (_with_noises(base.walk, options), *base.rows)
    compared = bool(changes.get("compare"))
    walk, *rows = (_with_options(each, base.walk, options, compared) for each in walks)
    sampling = replace(base.sampling, **given)
    return replace(base, walk=walk, rows=tuple(rows), sampling=sampling, **changes)


def _base(options: argparse.Namespace, model: FoundModel | None) -> Exploration:
    """Returns the exploration that the options change."""
    if model is not None:
        from engine.models.inspection.recommended_settings import recommended

        return Exploration(
            model=model.location, sampling=recommended(model.report.path, model.report)
        )
    if options.session is not None:
        from engine.documents.session_file import load_session

        return load_session(options.session)
    from engine.documents.presets import find_preset

    exploration = find_preset(options.preset).exploration
    if exploration.view.plane != "walk":
        raise InputError(
            f"The preset {options.preset!r} is a plot in the window and has no frames; "
            "choose another, or open the window."
        )
    return exploration


def _walk_of_file(path: Path) -> Walk:
    from engine.documents.walk_file import load_walk

    return load_walk(path)


def weight_bits(options: argparse.Namespace) -> int:
    """Returns the bits of weights, or 0 for full ones. Raises InputError without the library."""
    bits = 0 if options.weights == FULL else int(options.weights)
    require_weights(bits)
    return bits


def machine_of(options: argparse.Namespace) -> Machine:
    """Returns the machine of the options. Raises InputError."""
    batch = getattr(options, "batch", 0)
    return Machine(options.device, options.precision, batch=batch, weight_bits=weight_bits(options))


def downloads_of(options: argparse.Namespace) -> tuple[str, ...]:
    """Returns the models of the command line. Models of a session are not downloaded unasked."""
    named = (options.model, getattr(options, "scorer", None))
    return tuple(name for name in named if name)


def names_of(listing: str, kind: str, separator: str = ",") -> tuple[str, ...]:
    """Parses a list of names such as "linear, slerp". `kind` is the noun for them in errors.

    Raises InputError if there is no name in it.
    """
    names = tuple(name.strip() for name in listing.split(separator) if name.strip())
    if not names:
        raise InputError(f"The list of {kind} {listing!r} is empty; put {separator!r} between two.")
    return names


def _with_noises(walk: Walk, options: argparse.Namespace) -> Walk:
    """Returns the walk with the noises and the number of frames of the options."""
    first, *between, last = walk.keyframes
    start = NoiseSource(
        first.noise.seed if options.seed is None else options.seed,
        first.noise.draw if options.draw is None else options.draw,
    )
    follows = last.noise.seed == first.noise.seed
    end = NoiseSource(
        (start.seed if follows else last.noise.seed)
        if options.seed_end is None
        else options.seed_end,
        last.noise.draw if options.draw_end is None else options.draw_end,
    )
    return replace(
        walk,
        keyframes=(_with_noise(first, start), *between, _with_noise(last, end)),
        frames=walk.frames if options.frames is None else options.frames,
    )


def _with_options(walk: Walk, base: Walk, options: argparse.Namespace, compared: bool) -> Walk:
    """Returns a walk, `base` or a row below it, with the method and the prompts of the options.

    Prompts take the place of those at the ends of `base`. With `compared`, parameters belong to the
    compared method.
    """
    first, last = base.keyframes[0].prompt, base.keyframes[-1].prompt
    start = first if options.prompt is None else options.prompt
    end = start if last == first else last
    if options.prompt_end is not None:  # an empty prompt is a prompt too
        end = options.prompt_end
    *others, final = walk.keyframes
    keyframes = [replace(k, prompt=start) if k.prompt == first else k for k in others]
    keyframes.append(replace(final, prompt=end) if final.prompt == last else final)
    return replace(
        walk,
        keyframes=tuple(keyframes),
        methods=_methods(walk, base, options, () if compared else _params(options)),
        prompts=walk.prompts if options.prompt is options.prompt_end is None else (),
        negative=walk.negative if options.negative is None else options.negative,
    )


def _methods(
    walk: Walk, base: Walk, options: argparse.Namespace, params: tuple[tuple[str, str], ...]
) -> tuple[MethodChoice, ...]:
    """Returns the methods of a walk. Parameters without a method are those of `base`'s method."""
    method, own = getattr(options, "method", None), walk.methods[0].name
    if method or (params and own == base.methods[0].name):
        return (MethodChoice(method or own, params),)
    return walk.methods


def _with_noise(base: Keyframe, noise: NoiseSource) -> Keyframe:
    """Returns the keyframe with this noise, which replaces a scale or a sum if it is another."""
    return base if noise == base.noise else replace(base, noise=noise, scale=1.0, blend=())


def _params(options: argparse.Namespace) -> tuple[tuple[str, str], ...]:
    pairs = []
    for text in options.param or ():
        key, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--param takes KEY=VALUE, not {text!r}.")
        pairs.append((key.strip(), value.strip()))
    return tuple(pairs)


def _with_params(
    choices: tuple[MethodChoice, ...], options: argparse.Namespace
) -> tuple[MethodChoice, ...]:
    """Returns the compared methods with the given parameters, which need a single method."""
    if len(choices) > 1:
        raise InputError(
            "--param belongs to one method and several are compared; leave one or the other out."
        )
    return tuple(MethodChoice(choice.name, _params(options)) for choice in choices)


def _given(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    values = {name: getattr(options, name, None) for name in names}
    return {name: value for name, value in values.items() if value is not None}
