"""Finds seeds that show their point at first sight, for the default walk and the presets.

`--kind pair`: a walk goes from a seed's first noise to its second one, as the program draws them.
Both ends are drawn, and the middle by linear and by slerp. A seed is good if linear's middle has
lost detail and colour. `--kind glide`: the same walk by slerp, in thirteen pictures; their steps
should be even. `--kind prompts`: the seed's first noise with four animals; the pictures
should have much in common. `--kind sweep`: the first noise at five scales; detail should rise.
`--kind several`: the first five noises; the pictures should differ. `--kind loop`: the same, each
with an animal of its own. In every kind, all pictures must keep to the prompt, except those of a
sweep that are not at scale 1: the judge finds the animal, one whole figure, and nothing worn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from .common import MODEL_FOLDER, parser
from .generate import Generator, linear, sheet, slerp
from .measures import chroma, detail, mean_distances, step_sizes
from .starter_json import GUIDANCE, PROMPT, STEPS
from .train_classifier import NAMES, Classifier, load_model, predictions
from .vocabulary import ACCESSORIES, ANIMALS
from .walk_bars import SCALES

#: The animals of the presets with several prompts.
MORE_ANIMALS = ("cat", "dog", "rabbit", "fox", "bear")
#: Pictures of a walk that should glide.
GLIDE_FRAMES = 13


@dataclass(frozen=True, slots=True)
class Found:
    """A seed, its pictures, its rank (the smaller the better), and what it was ranked by."""

    seed: int
    pictures: NDArray[np.uint8]
    rank: float
    reason: str
    #: What each picture must show; None for anything.
    animals: tuple[str | None, ...]


def draws(generator: Generator, seed: int, count: int) -> torch.Tensor:
    """The first z_T `[count, C, 16, 16]` of a seed."""
    source = torch.Generator().manual_seed(seed)
    shape = 1, generator.pipeline.unet.config.in_channels, 16, 16
    return torch.cat([torch.randn(shape, generator=source) for _ in range(count)])


def different(text: str, animal: str, count: int) -> tuple[tuple[str, ...], list[str]]:
    """So many animals, the given one first, and the text with each."""
    animals = (animal, *(name for name in MORE_ANIMALS if name != animal))[:count]
    return animals, [text.replace(animal, name) for name in animals]


def pair(generator: Generator, text: str, animal: str, seed: int) -> Found:
    """Both ends, and the middles of linear and slerp, by the product of what fades."""
    start, end = torch.split(draws(generator, seed, 2), 1)
    latents = torch.cat((start, linear(start, end, 0.5), slerp(start, end, 0.5), end))
    pictures = generator.pictures(latents, [text] * 4)
    details, colours = detail(pictures), chroma(pictures)
    kept, colour = float(details[1] / details[2]), float(colours[1] / colours[2])
    reason = f"linear keeps {kept:.0%} of the detail and {colour:.0%} of the colour of slerp"
    return Found(seed, pictures, kept * colour, reason, (animal,) * 4)


def glide(generator: Generator, text: str, animal: str, seed: int) -> Found:
    """A walk by slerp: the smaller its largest step beside the median one, the better."""
    start, end = torch.split(draws(generator, seed, 2), 1)
    gammas = np.linspace(0, 1, GLIDE_FRAMES).tolist()
    latents = torch.cat([slerp(start, end, gamma) for gamma in gammas])
    pictures = generator.pictures(latents, [text] * GLIDE_FRAMES)
    sizes = step_sizes(pictures)
    largest = float(sizes.max() / np.median(sizes))
    reason = f"the largest step is {largest:.1f} times the median one"
    return Found(seed, pictures, largest, reason, (animal,) * GLIDE_FRAMES)


def prompts(generator: Generator, text: str, animal: str, seed: int) -> Found:
    """One noise with four animals: the smaller the differences, the better."""
    animals, texts = different(text, animal, 4)
    pictures = generator.pictures(draws(generator, seed, 1).repeat(4, 1, 1, 1), texts)
    apart = float(mean_distances(pictures).mean())
    return Found(seed, pictures, apart, f"the pictures are {apart:.0f} levels apart", animals)


def several(generator: Generator, text: str, animal: str, seed: int) -> Found:
    """Five noises with one animal: the larger the differences, the better."""
    return _apart(generator.pictures(draws(generator, seed, 5), [text] * 5), seed, (animal,) * 5)


def loop(generator: Generator, text: str, animal: str, seed: int) -> Found:
    """Five noises with an animal each: the larger the differences, the better."""
    animals, texts = different(text, animal, 5)
    return _apart(generator.pictures(draws(generator, seed, 5), texts), seed, animals)


def _apart(pictures: NDArray[np.uint8], seed: int, animals: tuple[str, ...]) -> Found:
    apart = float(mean_distances(pictures).mean())
    return Found(seed, pictures, -apart, f"the pictures are {apart:.0f} levels apart", animals)


def sweep(generator: Generator, text: str, animal: str, seed: int) -> Found:
    """One noise at five scales: the smallest rise of detail from one scale to the next counts."""
    pictures = generator.pictures(
        torch.cat([draws(generator, seed, 1) * scale for scale in SCALES]), [text] * len(SCALES)
    )
    details = detail(pictures)
    rise = float((details[1:] / details[:-1]).min())
    shown = tuple(animal if scale == 1 else None for scale in SCALES)
    return Found(seed, pictures, 1 / rise, f"detail rises by {rise - 1:.0%} at least", shown)


KINDS: dict[str, Callable[[Generator, str, str, int], Found]] = {
    "pair": pair,
    "glide": glide,
    "prompts": prompts,
    "sweep": sweep,
    "several": several,
    "loop": loop,
}


def keeps_to(judge: Classifier, found: Found) -> bool:
    """True if each picture shows the one animal that it must show, whole and with nothing on."""
    asked = [n for n, animal in enumerate(found.animals) if animal is not None]
    labels = predictions(judge, found.pictures).numpy()[asked]
    wanted = [ANIMALS.index(animal) for animal in found.animals if animal is not None]
    worn = labels[:, [NAMES.index(name) for name in ACCESSORIES]].any()
    alone = (labels[:, NAMES.index("second animal")] == len(ANIMALS)).all()
    right = (labels[:, NAMES.index("animal")] == wanted).all()
    whole = (labels[:, NAMES.index("whole")] == 1).all()
    return bool(alone and right and whole and not worn)


def search(
    generator: Generator, judge: Classifier, kind: str, text: str, animal: str, count: int
) -> list[Found]:
    """Those of the seeds 1 … count that keep to the prompt, the best one first."""
    every = (KINDS[kind](generator, text, animal, seed) for seed in range(1, count + 1))
    return sorted((f for f in every if keeps_to(judge, f)), key=lambda found: found.rank)


def main() -> None:
    """Command line."""
    command = parser(__doc__)
    command.add_argument("--folder", type=Path, default=MODEL_FOLDER)
    command.add_argument("--prompt", default=PROMPT)
    command.add_argument("--animal", default="cat", choices=ANIMALS)
    command.add_argument("--kind", default="pair", choices=tuple(KINDS))
    command.add_argument("--count", type=int, default=100, help="seeds to try")
    options = command.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    generator, judge = Generator(options.folder, STEPS, GUIDANCE), load_model(options)
    wish = options.kind, options.prompt, options.animal
    best = search(generator, judge, *wish, options.count)[:12]
    for found in best:
        print(f"seed {found.seed}: {found.reason}")
    if best:
        rows = np.concatenate([found.pictures for found in best])
        name = f"seeds-{options.kind}-{options.animal}.png"
        sheet(rows, len(best[0].pictures), options.work / name)


if __name__ == "__main__":
    main()
