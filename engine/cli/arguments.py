"""The parser of the command line: a subcommand for each thing to do. Does not import torch."""

from __future__ import annotations

import argparse
import math
from typing import NoReturn

from engine.cli.experiments import EXPERIMENTS, add_experiments
from engine.cli.options import add_walk_options, path_argument
from engine.export.frame_rate import frame_rate

COMMANDS = ("window", "render", "score", "atlas", *EXPERIMENTS, "doctor", "bench")
SAFE = "--safe"
BAD_INPUT = 2
#: What the article scores, and at how many frames.
ARTICLE_METHODS, ARTICLE_FRAMES = "linear,normalized,slerp", 300
#: The least side of an atlas' area and its farthest edge, in std: as far as the window zooms.
NEAREST, FARTHEST = 0.02, 200.0
#: The measures of `score`. Their registry would import torch; tests compare the two.
MEASURES = (
    "clip_score,sharpness,step_length,latent_mean,latent_std,latent_norm_z,clip_step,local_change"
)


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
    _add_atlas(commands.add_parser("atlas", help="render pictures of the plane of a walk"))
    add_experiments(commands)
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
        "--fps", type=rate_argument, help="frames a second: 23.976 or 24000/1001; default: 24"
    )
    render.add_argument("--columns", type=int, help="columns of a sheet; default: 9")
    render.add_argument("--scale", type=int, help="enlarge the pictures, 1 to 8 times")
    render.add_argument(
        "--picture-width", type=int, metavar="PIXELS", help="enlarge or reduce the pictures to this"
    )
    render.add_argument(
        "--even-out",
        nargs="?",
        const="steady",
        default="",
        metavar="SPEED",
        help="first give the frames times at which all steps look equally large, or follow a "
        "SPEED: slow-ends, slow-middle, faster, slower",
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
    score.add_argument("--measures", metavar="A,B,…", help=f"of {MEASURES}; default: the first six")
    score.add_argument(
        "--out", type=path_argument, metavar="FILE", help="one row a frame: .csv or .json"
    )
    score.add_argument("--overwrite", action="store_true", help="replace existing files")
    score.add_argument(
        "--pairs", type=int, default=1, metavar="N", help="means over N pairs, of the seeds after"
    )
    add_walk_options(score)
    score.set_defaults(frames=ARTICLE_FRAMES)


def _add_atlas(atlas: argparse.ArgumentParser) -> None:
    atlas.add_argument(
        "--out", type=path_argument, required=True, help="a .png, or a folder of pictures"
    )
    atlas.add_argument(
        "--across", type=int, default=9, metavar="N", help="cells of the shorter side; default: 9"
    )
    atlas.add_argument(
        "--area",
        type=area_argument,
        metavar="LEFT,BOTTOM,RIGHT,TOP",
        help="in std, such as --area=-1,-1,1,1; default: the walk and the shell",
    )
    atlas.add_argument(
        "--texts", metavar="A;B;…", help="name each cell's region by the nearest text"
    )
    atlas.add_argument(
        "--clusters", type=int, default=0, metavar="N", help="find N regions of similar pictures"
    )
    atlas.add_argument("--method", metavar="NAME", help="interpolation method; default: slerp")
    atlas.add_argument("--scorer", metavar="FOLDER|HUB-ID", help="CLIP; default: the model's own")
    atlas.add_argument("--overwrite", action="store_true", help="replace existing files")
    add_walk_options(atlas)


def rate_argument(text: str) -> float:
    """The frames a second of an option. Raises ArgumentTypeError with one sentence."""
    try:
        return frame_rate(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"takes a number such as 24, 23.976 or 24000/1001, not {text!r}"
        ) from error


def area_argument(text: str) -> tuple[float, float, float, float]:
    """The four numbers of an area. Raises ArgumentTypeError with one sentence."""
    try:
        left, bottom, right, top = (float(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"needs four numbers, not {text!r}") from error
    if not (left < right and bottom < top and all(map(math.isfinite, (left, bottom, right, top)))):
        raise argparse.ArgumentTypeError(f"{text!r} has no width or height")
    if max(map(abs, (left, bottom, right, top))) > FARTHEST:
        raise argparse.ArgumentTypeError(f"takes numbers from -{FARTHEST:g} to {FARTHEST:g}")
    if min(right - left, top - bottom) < NEAREST:
        raise argparse.ArgumentTypeError(f"takes sides of {NEAREST} or more, not {text!r}")
    return left, bottom, right, top


def _add_bench(bench: argparse.ArgumentParser) -> None:
    workloads = ("starter", "sd14-config", "families", "operations")
    bench.add_argument("--workload", choices=workloads, default="starter")
    bench.add_argument("--quick", action="store_true", help="check equality and memory, no times")
    bench.add_argument(
        "--turns", type=int, default=0, metavar="N", help="how often the cases alternate"
    )
    bench.add_argument(
        "--json", type=path_argument, metavar="FILE", help="write all findings as JSON"
    )
