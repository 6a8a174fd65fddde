"""The bars about walks: what fades half-way, the sweep, translation, stripes, and jumps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPModel

from .bars import Bar, exactly, less_of, mean_of, share_of
from .generate import Generator, linear, slerp
from .measures import chroma, detail, shift_between, step_sizes, stripes
from .pictures import to_tensor

PROMPTS = (
    "An high resolution photo of a cat",
    "A photo of a blue owl at night",
    "A photo of a fox in the snow",
    "A photo of a green frog on a yellow background",
)
SCORED = "A high resolution image of a cat"
SCALES = (0.5, 0.75, 1.0, 1.25, 1.5)
WALK_FRAMES = 300
#: How much less, in percent, counts as faded in a pair.
FADED = 15.0


def fading(generator: Generator, pairs: int) -> list[Bar]:
    """Linear midpoints have less detail and less colour than slerp midpoints."""
    start, end = generator.noise(pairs, 73), generator.noise(pairs, 74)
    made = []
    for method in (linear, slerp):
        middles = method(start, end, 0.5)
        made.append(np.concatenate([generator.pictures(middles, [t] * pairs) for t in PROMPTS]))
    sample = f"{pairs} pairs × {len(PROMPTS)} prompts"
    least, most = FADED, 30
    details, colours = [detail(p) for p in made], [chroma(p) for p in made]
    kept = np.minimum(details[0] / details[1], colours[0] / colours[1])
    either: NDArray[np.bool_] = np.less_equal(kept, 1 - FADED / 100)
    return [
        Bar("linear's middle: less detail than slerp's", less_of(*details), least, most, sample),
        Bar("linear's middle: less colour than slerp's", less_of(*colours), least, most, sample),
        Bar("linear's middle: either less by 15 %", share_of(either), 90, None, sample),
    ]


def sweep(generator: Generator, clip: CLIPModel, seeds: int) -> list[Bar]:
    """For single seeds, detail rises with the standard deviation, and 1 scores best."""
    start, details, scores = generator.noise(seeds, 75), [], []
    for scale in SCALES:
        pictures = generator.pictures(start * scale, [PROMPTS[0]] * seeds)
        details.append(detail(pictures))
        scores.append(_scores(generator, clip, pictures))
    rises: NDArray[np.bool_] = np.all(np.diff(np.stack(details), axis=0) > 0, axis=0)
    best: NDArray[np.bool_] = np.equal(np.stack(scores).argmax(axis=0), SCALES.index(1.0))
    print(f"sweep: scores {[round(float(s.mean()), 2) for s in scores]}", flush=True)
    sample = f"{seeds} seeds, s = 0.5, 0.75 … 1.5"
    return [
        Bar("std sweep: detail rises at every step", share_of(rises), 70, 90, sample),
        Bar("std sweep: s = 1 scored best by CLIP", share_of(best), 70, 90, sample),
    ]


@torch.no_grad()
def _scores(
    generator: Generator, clip: CLIPModel, pictures: NDArray[np.uint8]
) -> NDArray[np.float64]:
    tokens = generator.pipeline.tokenizer([SCORED], return_tensors="pt").input_ids
    output = clip(input_ids=tokens, pixel_values=to_tensor(pictures))
    similarity: Tensor = output.image_embeds @ output.text_embeds.mT
    return 100 * similarity[:, 0].clamp(min=0).double().numpy()


def translation(generator: Generator, noises: int) -> list[Bar]:
    """One latent column moves the picture by 8 pixels."""
    right = []
    for turn in range(noises):
        both = generator.noise(1, 200 + turn, 32)
        latents = torch.cat([both[..., t : t + 16] for t in range(17)])
        pictures = generator.pictures(latents, [PROMPTS[turn % len(PROMPTS)]] * 17)
        right += [abs(shift_between(a, b) - 8) <= 2 for a, b in pairwise(pictures)]
    sample = f"16 steps of {noises} noises"
    name = "translation by a latent column moves 8 ± 2 px"
    return [Bar(name, share_of(np.array(right)), 80, 90, sample)]


def straight(generator: Generator, pictures: int) -> list[Bar]:
    """No direction of fine detail is much stronger than the others."""
    texts = [PROMPTS[i % len(PROMPTS)] for i in range(pictures)]
    value = exactly(stripes(generator.pictures(generator.noise(pictures, 76), texts)))
    name, sample = "stripes: strongest direction over the mean", f"{pictures} pictures"
    return [Bar(name, value, 1.6, 1.3, sample, "×", smaller_is_better=True)]


def steps_of_walks(generator: Generator, walks: int) -> list[Bar]:
    """The largest step of a slerp walk as multiple of the median one."""
    ratios = []
    for turn in range(walks):
        start, end = generator.noise(1, 400 + 2 * turn), generator.noise(1, 401 + 2 * turn)
        gammas = [i / (WALK_FRAMES - 1) for i in range(WALK_FRAMES)]
        latents = torch.cat([slerp(start, end, gamma) for gamma in gammas])
        text = PROMPTS[turn % len(PROMPTS)]
        sizes = step_sizes(generator.pictures(latents, [text] * WALK_FRAMES))
        ratios.append(float(sizes.max() / np.median(sizes)))
    name, sample = "largest step over the median step", f"{walks} walks of {WALK_FRAMES} frames"
    return [Bar(name, mean_of(np.array(ratios)), 8, 4, sample, "×", smaller_is_better=True)]
