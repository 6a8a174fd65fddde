"""Runs every step within one budget of minutes, for example on a graphics card.

Panoramas are drawn and captions written by other processes meanwhile: the autoencoder begins with
those that are there. Each step takes its share of the minutes and resumes where it stopped; steps
that are done are passed over. Started again with the same options, the script goes on where it was
interrupted.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from copy import copy

from . import train_classifier, train_clip, train_text, train_tokenizer, train_unet, train_vae
from .common import parser, prepare
from .dataset import PANORAMAS
from .samples import captions_of, prepare_samples

#: Shares of the minutes. Encoding comes on top, and drawing where it takes longer than the VAE.
SHARES = {"text": 0.05, "vae": 0.33, "unet": 0.44, "decoder": 0.06, "judge": 0.04, "scorer": 0.08}
#: Rates of Muon for each step, and how many times the batch of the UNet each takes.
RATES = {"text": 0.01, "vae": 0.012, "unet": 0.012, "decoder": 0.006, "judge": 0.02, "scorer": 0.01}
BATCHES = {"text": 1.0, "vae": 0.14, "unet": 1.0, "decoder": 0.14, "judge": 1.0, "scorer": 1.0}


def options_for(name: str, options: argparse.Namespace) -> argparse.Namespace:
    """The options of one step, with its share of the minutes."""
    result = copy(options)
    result.minutes = options.minutes * SHARES[name]
    result.batch = max(2, round(options.batch * BATCHES[name]))
    result.rate = RATES[name]
    result.decoder_only = name == "decoder"
    return result


class Beside:
    """Drawing and writing captions in processes of their own."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        drawing = ["dataset", "--count", str(options.samples), "--workers", str(options.workers)]
        drawing += ["--minutes", str(options.drawing)]
        self._processes = [] if self._drawn() else [self._start(*drawing)]

    def _drawn(self) -> bool:
        return (self._options.work / "panoramas.npy").exists()

    def _start(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"{__package__}.{module}", *arguments]
        return subprocess.Popen([*command, "--work", str(self._options.work)])

    def write_captions(self) -> None:
        """Begins with them, which needs the tokenizer."""
        if not (self._options.work / "captions.pt").exists():
            self._processes.append(self._start("samples", "--samples", str(self._options.samples)))

    def wait(self) -> None:
        """Returns when both are done; raises RuntimeError where one failed."""
        for process in self._processes:
            if process.wait():
                raise RuntimeError(f"{process.args!r} ended with {process.returncode}")


def steps(options: argparse.Namespace, beside: Beside) -> dict[str, Callable[[], object]]:
    """The steps in their order, by name."""
    own = {name: options_for(name, options) for name in SHARES}

    def train_denoiser() -> None:
        samples = prepare_samples(own["unet"], prepare(options))
        train_unet.train(own["unet"], train_unet.build(), samples)

    return {
        "tokenizer": lambda: train_tokenizer.make(options.work),
        "captions begun": beside.write_captions,
        "text": lambda: train_text.train(own["text"], train_text.build(options.work)),
        "vae": lambda: train_vae.train(own["vae"], train_vae.build()),
        "drawing": beside.wait,
        "captions": lambda: captions_of(options.work, options.samples, options.seed),
        "unet": train_denoiser,
        "decoder": lambda: train_vae.train(own["decoder"], train_vae.build()),
        "judge": lambda: train_classifier.train(own["judge"]),
        "scorer": lambda: train_clip.train(own["scorer"], train_clip.build(options)),
    }


def main() -> None:
    """Command line."""
    command = parser(__doc__)
    command.add_argument("--samples", type=int, default=PANORAMAS, help="panoramas to draw")
    command.add_argument("--workers", type=int, default=2, help="processes that draw")
    command.add_argument("--drawing", type=float, default=1e6, help="minutes of drawing at most")
    options = command.parse_args()
    prepare(options)
    begin = time.monotonic()
    for name, step in steps(options, Beside(options)).items():
        start = time.monotonic()
        step()
        now = time.monotonic()
        print(f"all: {name} took {now - start:.0f} s, {now - begin:.0f} s in all", flush=True)


if __name__ == "__main__":
    main()
