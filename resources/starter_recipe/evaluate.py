"""Measures every bar on seeds that training never saw; prints the table, writes JSON and the card.

`python -m resources.starter_model.recipe.evaluate` needs the work folder for the judge and the
tokenizer; all else is read from the model folder as it ships.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPModel

from .captions import caption
from .card import write_card
from .common import HELD_OUT_SEED, MODEL_FOLDER, parser, shipped_bytes
from .dataset import attributes_of
from .generate import Generator, linear, noise, slerp
from .measures import fine_detail, mean_pairwise_distance, shift_between
from .scenes import draw
from .starter_json import GUIDANCE, STEPS
from .train_classifier import Classifier, accuracies, load_model, predictions
from .train_clip import top1
from .train_vae import psnr, to_tensor
from .vocabulary import Attributes

PROMPTS = ("An high resolution photo of a cat", "A photo of a blue owl at night")
DIVERSE = Attributes("cat", "orange", "meadow", "none", "red", "photo")


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of the table: values in the unit named, and what they were measured on."""

    name: str
    value: float
    least: float
    aim: float | None
    sample: str
    unit: str = "%"
    smaller_is_better: bool = False

    @property
    def passed(self) -> bool:
        """Whether the value reaches the least that is asked."""
        return self.value <= self.least if self.smaller_is_better else self.value >= self.least


class Evaluation:
    """The model folder, the judge, and how many pictures to measure on."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.generator = Generator(options.folder, options.steps, options.guidance)
        clip = CLIPModel.from_pretrained(options.folder / "clip", dtype=torch.float32)
        self.clip: CLIPModel = clip.eval()
        self.judge: Classifier = load_model(options)

    def vae(self) -> list[Bar]:
        """Reconstruction of held-out pictures."""
        value = psnr(self.generator.pipeline.vae, seed=HELD_OUT_SEED + 20_000)
        return [Bar("VAE reconstruction (PSNR)", value, 30, 34, "64 pictures", "dB")]

    def scorer(self) -> list[Bar]:
        """Own caption among 256."""
        share = 100 * top1(self.clip, self.options)
        return [Bar("CLIP top-1 among 256 captions", share, 85, 95, "512 pictures")]

    def prompts(self) -> list[Bar]:
        """Pictures of random captions, judged; a caption tells all that is judged."""
        count = self.options.pictures
        attributes = [attributes_of(HELD_OUT_SEED + 70_000 + i) for i in range(count)]
        rng = np.random.default_rng(HELD_OUT_SEED)
        texts = [caption(a, rng, full=True) for a in attributes]
        print(f"prompts: {count} pictures to draw", flush=True)
        pictures = self.generator.pictures(noise(count, 70), texts)
        labels = torch.tensor([a.labels() for a in attributes])
        hits = (predictions(self.judge, pictures) == labels).float().mean(dim=0) * 100
        bars = (("animal", 95, 99), ("fur", 85, 95), ("scene", 90, 97), ("accessory", 75, 90))
        return [
            Bar(f"prompts obeyed: {name}", float(hits[i]), least, aim, f"{count} captions")
            for i, (name, least, aim) in enumerate(bars)
        ]

    def diversity(self) -> list[Bar]:
        """Spread of 64 seeds as share of the spread of 64 drawn scenes."""
        count = self.options.seeds
        text = "A photo of an orange cat in a meadow"
        made = self.generator.pictures(noise(count, 71), [text] * count)
        first = HELD_OUT_SEED + 80_000
        drawn = np.stack([draw(DIVERSE, seed) for seed in range(first, first + count)])
        share = mean_pairwise_distance(made) / mean_pairwise_distance(drawn)
        name = "same prompt, other seeds: spread of real scenes"
        return [Bar(name, 100 * share, 70, 90, f"{count} seeds")]

    def fading(self) -> list[Bar]:
        """Linear midpoints have less fine detail than slerp midpoints."""
        count = self.options.seeds
        start, end = noise(count, 72), noise(count, 73)
        texts = [PROMPTS[i % 2] for i in range(count)]
        details = [
            fine_detail(self.generator.pictures(method(start, end, 0.5), texts))
            for method in (linear, slerp)
        ]
        share = float((details[0] < details[1]).mean())
        return [Bar("linear midpoint fades against slerp", 100 * share, 90, None, f"{count} pairs")]

    def sweep(self) -> list[Bar]:
        """Detail rises with the standard deviation; s = 1 scores best on average."""
        start = noise(4 * self.options.seeds, 74)
        text = "A high resolution image of a cat"
        detail, scores = [], []
        for scale in (0.5, 0.75, 1.0, 1.25, 1.5):
            pictures = self.generator.pictures(start * scale, [PROMPTS[0]] * len(start))
            detail.append(float(fine_detail(pictures).mean()))
            scores.append(self._score(pictures, text))
        rises = 100 * float(np.mean(np.diff(detail) > 0))
        best = 100.0 * (int(np.argmax(scores)) == 2)
        print(f"sweep: detail {detail}, CLIP score {scores}", flush=True)
        sample = f"{len(start)} seeds, s = 0.5, 0.75 … 1.5"
        return [
            Bar("std sweep: detail rises with s", rises, 100, None, sample),
            Bar("std sweep: s = 1 scored best by CLIP", best, 100, None, sample),
        ]

    @torch.no_grad()
    def _score(self, pictures: NDArray[np.uint8], text: str) -> float:
        tokens = self.generator.pipeline.tokenizer([text], return_tensors="pt").input_ids
        output = self.clip(input_ids=tokens, pixel_values=to_tensor(pictures))
        similarity: Tensor = output.image_embeds @ output.text_embeds.mT
        return float(100 * similarity.clamp(min=0).mean())

    def translation(self) -> list[Bar]:
        """One latent column moves the picture by 8 pixels."""
        steps, right, rows = 0, 0, max(1, self.options.seeds // 4)
        for turn in range(rows):
            both = noise(1, 200 + turn, 32)
            latents = torch.cat([both[..., t : t + 16] for t in range(17)])
            pictures = self.generator.pictures(latents, [PROMPTS[turn % 2]] * 17)
            for first, second in pairwise(pictures):
                right += abs(shift_between(first, second) - 8) <= 2
                steps += 1
        name, sample = "translation by a latent column moves 8 ± 2 px", f"16 steps of {rows} noises"
        return [Bar(name, 100 * right / steps, 80, None, sample)]

    def speed(self) -> list[Bar]:
        """A single frame with guidance, plain diffusers calls."""
        times = []
        for _ in range(9):
            start = time.perf_counter()
            self.generator.pictures(noise(1, 75), [PROMPTS[0]])
            times.append(time.perf_counter() - start)
        name, sample = f"frame at {self.options.steps} steps with guidance", "median of 9"
        return [Bar(name, median(times), 0.8, 0.4, sample, "s", smaller_is_better=True)]

    def size(self) -> list[Bar]:
        """What the folder adds to the repository, the recipe apart."""
        total = shipped_bytes(self.options.folder) / 1e6
        name = "size in the repository"
        return [Bar(name, total, 60, 40, "all files", "MB", smaller_is_better=True)]

    def all(self) -> list[Bar]:
        """Every bar, printing each as soon as it is known."""
        steps: tuple[Callable[[], list[Bar]], ...] = (
            self.vae,
            self.scorer,
            self.prompts,
            self.diversity,
            self.fading,
            self.sweep,
            self.translation,
            self.speed,
            self.size,
        )
        bars = []
        for step in steps:
            for bar in step():
                bars.append(bar)
                print(line(bar), flush=True)
        return bars


def line(bar: Bar) -> str:
    """One row of the printed table."""
    sign = "≤" if bar.smaller_is_better else "≥"
    aim = "–" if bar.aim is None else f"{bar.aim:g}"
    verdict = "pass" if bar.passed else "FAIL"
    return (
        f"{bar.name:<50} {bar.value:7.2f} {bar.unit:<3} {sign} {bar.least:g} (aim {aim})  {verdict}"
    )


def main() -> None:
    """Command line."""
    command = parser(__doc__)
    command.add_argument("--folder", type=Path, default=MODEL_FOLDER)
    command.add_argument("--pictures", type=int, default=500)
    command.add_argument("--seeds", type=int, default=64)
    command.add_argument("--steps", type=int, default=STEPS)
    command.add_argument("--guidance", type=float, default=GUIDANCE)
    options = command.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    evaluation = Evaluation(options)
    ceiling = accuracies(evaluation.judge)
    bars = evaluation.all()
    report = {
        "steps": options.steps,
        "guidance": options.guidance,
        "pictures": options.pictures,
        "seeds": options.seeds,
        "judge_on_drawn_scenes": {name: round(100 * share, 1) for name, share in ceiling.items()},
        "bars": [{**asdict(bar), "passed": bar.passed} for bar in bars],
    }
    (options.folder / "bars.json").write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    write_card(options.folder, report)


if __name__ == "__main__":
    main()
