"""Runs every step within one budget of minutes, as for an accelerator that is lent for a while.

Each step takes its share of the minutes and resumes where it stopped; steps that are done are
passed over. Started again with the same options, the script goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from copy import copy

from . import train_classifier, train_clip, train_text, train_tokenizer, train_unet, train_vae
from .common import parser, prepare
from .dataset import PANORAMAS, render
from .samples import prepare_samples

#: Shares of the minutes. Drawing, encoding and exporting come on top.
SHARES = {"text": 0.07, "vae": 0.30, "unet": 0.45, "decoder": 0.07, "judge": 0.04, "scorer": 0.07}
#: Rates of Muon for each step, and how many times the batch of the UNet each takes.
RATES = {"text": 0.01, "vae": 0.012, "unet": 0.012, "decoder": 0.006, "judge": 0.02, "scorer": 0.01}
BATCHES = {"text": 1.0, "vae": 0.33, "unet": 1.0, "decoder": 0.33, "judge": 1.0, "scorer": 1.0}


def options_for(name: str, options: argparse.Namespace) -> argparse.Namespace:
    """The options of one step, with its share of the minutes."""
    result = copy(options)
    result.minutes = options.minutes * SHARES[name]
    result.batch = max(2, round(options.batch * BATCHES[name]))
    result.rate = RATES[name]
    result.decoder_only = name == "decoder"
    return result


def steps(options: argparse.Namespace) -> dict[str, Callable[[], object]]:
    """The steps in their order, by name."""
    own = {name: options_for(name, options) for name in SHARES}

    def train_denoiser() -> None:
        samples = prepare_samples(own["unet"], prepare(options))
        train_unet.train(own["unet"], train_unet.build(), samples)

    return {
        "panoramas": lambda: render(options.work, options.samples, options.workers),
        "tokenizer": lambda: train_tokenizer.make(options.work),
        "text": lambda: train_text.train(own["text"]),
        "vae": lambda: train_vae.train(own["vae"], train_vae.build()),
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
    options = command.parse_args()
    prepare(options)
    for name, step in steps(options).items():
        start = time.monotonic()
        step()
        print(f"all: {name} took {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
