"""Finds seeds whose walk shows at first sight what linear loses: for the default walk and presets.

A walk goes from a seed's first noise to its second one, as the program draws them. Both ends are
drawn, and the middle by linear and by slerp. A seed is good where linear's middle has lost detail
and colour and where all four pictures keep to the prompt: the judge finds the animal, one whole
figure, and nothing worn.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from .common import MODEL_FOLDER, parser
from .generate import Generator, linear, sheet, slerp
from .measures import chroma, detail
from .starter_json import GUIDANCE, PROMPT, STEPS
from .train_classifier import NAMES, Classifier, load_model, predictions
from .vocabulary import ACCESSORIES, ANIMALS


@dataclass(frozen=True, slots=True)
class Pair:
    """A seed, what linear keeps of slerp's detail and colour, and the four pictures."""

    seed: int
    detail: float
    colour: float
    pictures: NDArray[np.uint8]

    @property
    def kept(self) -> float:
        """Smaller is better: both have to fade."""
        return max(self.detail, self.colour)


def ends(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The first two z_T `[1, 4, 16, 16]` of a seed."""
    source = torch.Generator().manual_seed(seed)
    first, second = (torch.randn(1, 4, 16, 16, generator=source) for _ in range(2))
    return first, second


def pair_of(generator: Generator, text: str, seed: int) -> Pair:
    """Draws both ends, and the middles of linear and slerp."""
    start, end = ends(seed)
    latents = torch.cat((start, linear(start, end, 0.5), slerp(start, end, 0.5), end))
    pictures = generator.pictures(latents, [text] * 4)
    details, colours = detail(pictures), chroma(pictures)
    return Pair(seed, float(details[1] / details[2]), float(colours[1] / colours[2]), pictures)


def keeps_to(judge: Classifier, pair: Pair, animal: str) -> bool:
    """Whether all four pictures show one such animal, whole and with nothing on."""
    found = predictions(judge, pair.pictures).numpy()
    worn = found[:, [NAMES.index(name) for name in ACCESSORIES]].any()
    alone = (found[:, NAMES.index("second animal")] == len(ANIMALS)).all()
    right = (found[:, NAMES.index("animal")] == ANIMALS.index(animal)).all()
    whole = (found[:, NAMES.index("whole")] == 1).all()
    return bool(alone and right and whole and not worn)


def search(
    generator: Generator, judge: Classifier, text: str, animal: str, count: int
) -> list[Pair]:
    """Those of the seeds 1 … count that keep to the prompt, the one that fades most first."""
    pairs = []
    for seed in range(1, count + 1):
        pair = pair_of(generator, text, seed)
        if keeps_to(judge, pair, animal):
            pairs.append(pair)
    return sorted(pairs, key=lambda pair: pair.kept)


def main() -> None:
    """Command line."""
    command = parser(__doc__)
    command.add_argument("--folder", type=Path, default=MODEL_FOLDER)
    command.add_argument("--prompt", default=PROMPT)
    command.add_argument("--animal", default="cat", choices=ANIMALS)
    command.add_argument("--count", type=int, default=100, help="seeds to try")
    options = command.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    generator = Generator(options.folder, STEPS, GUIDANCE)
    found = search(generator, load_model(options), options.prompt, options.animal, options.count)
    for pair in found[:12]:
        print(f"seed {pair.seed}: linear keeps {pair.detail:.0%} of the detail and "
              f"{pair.colour:.0%} of the colour of slerp's middle")  # fmt: skip
    if found:
        rows = np.concatenate([pair.pictures for pair in found[:12]])
        sheet(rows, 4, options.work / f"seeds-{options.animal}.png")


if __name__ == "__main__":
    main()
