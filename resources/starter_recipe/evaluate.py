"""Measures every bar on seeds that training never saw; prints the table, writes JSON and the card.

`python -m resources.starter_recipe.evaluate` needs the work folder for the judge and the tokenizer;
all else is read from the model folder as it ships. The sheet of 64 pictures and the strips of
walks, which a person looks at, go to the work folder, and so does what was measured: a part is
measured once for the same weights and options. `--parts` chooses some, as for several processes
beside each other; the table is written when all are there.
"""

from __future__ import annotations

import argparse
import functools
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import CLIPModel

from .bars import Bar, exactly, line, mean_of, share_of
from .captions import OPEN, compose
from .card import write_card
from .common import HELD_OUT_SEED, MODEL_FOLDER, is_current, parser, shipped_bytes
from .dataset import attributes_of, window
from .generate import Generator, sheet, walks
from .measures import mean_distances
from .starter_json import EXAMPLES, GUIDANCE, STEPS
from .train_classifier import NAMES, Classifier, accuracies, load_model, predictions, unordered
from .train_clip import top1
from .train_vae import psnrs
from .vocabulary import ACCESSORIES, ANIMALS, Animal, Attributes
from .walk_bars import PROMPTS, fading, steps_of_walks, straight, sweep, translation

DIVERSE = Attributes((Animal("cat", "orange"),), "meadow")
DIVERSE_TEXT = "A photo of an orange cat in a meadow"
#: What is judged of a prompt: the labels behind each bar, the least, and the aim.
JUDGED = {
    "animal": (("animal", "second animal"), 97, 99),
    "fur": (("fur", "second fur"), 92, 97),
    "scene": (("scene",), 95, 98),
    "accessory": (ACCESSORIES, 85, 95),
}
#: The options that what is measured depends on; that of walks also on how many there are.
MEASURED_WITH = ("pictures", "seeds", "steps", "guidance")
_SECOND = NAMES.index("second animal")


class Evaluation:
    """The model folder, the judge, and how many pictures to measure on."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.generator = Generator(options.folder, options.steps, options.guidance)
        clip = CLIPModel.from_pretrained(options.folder / "clip", dtype=torch.float32)
        self.clip: CLIPModel = clip.eval()

    @functools.cached_property
    def judge(self) -> Classifier:
        """The judge, loaded once something is asked of it."""
        return load_model(self.options)

    def vae(self) -> list[Bar]:
        """Reconstruction of held-out pictures."""
        values = psnrs(self.generator.pipeline.vae, seed=HELD_OUT_SEED + 20_000)
        sample = f"{len(values)} pictures"
        return [Bar("VAE reconstruction (PSNR)", mean_of(values), 30, 34, sample, "dB")]

    def scorer(self) -> list[Bar]:
        """Own caption among 256."""
        hits = top1(self.clip, self.options)
        name = "CLIP top-1 among 256 captions"
        return [Bar(name, share_of(hits), 90, 97, f"{len(hits)} pictures")]

    def prompts(self) -> list[Bar]:
        """Pictures of captions that tell everything, and of captions that leave things open."""
        bars, unasked, whole = [], [], []
        for full, seed in ((True, 70_000), (False, 170_000)):
            labels, found = self._judged(full, HELD_OUT_SEED + seed)
            told, right = labels != OPEN, (labels == found[:, : labels.shape[1]])
            kind = "all told" if full else "things left open"
            bars += [*_obeyed(kind, told, right), _number(kind, labels, found)]
            things = [NAMES.index(name) for name in ACCESSORIES]
            plain = labels[:, things].sum(axis=1) == 0
            unasked.append(found[plain][:, things].sum(axis=1) > 0)
            whole.append(found[labels[:, _SECOND] == len(ANIMALS), NAMES.index("whole")] == 1)
        extra, entire = np.concatenate(unasked), np.concatenate(whole)
        sample = f"{len(extra)} captions without one"
        name = "unasked: an accessory where none was named"
        bars.append(Bar(name, share_of(extra), 2, 0, sample, smaller_is_better=True))
        name, sample = "single subject whole in the picture", f"{len(entire)} captions of one"
        return [*bars, Bar(name, share_of(entire), 85, 95, sample)]

    def _judged(self, full: bool, first: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Labels of captions, and what the judge finds in their pictures."""
        count = self.options.pictures
        rng = np.random.default_rng(first)
        captions = [compose(attributes_of(first + i), rng, full) for i in range(count)]
        print(f"prompts: {count} pictures to draw", flush=True)
        pictures = self.generator.pictures(
            self.generator.noise(count, 70 + full), [c.text for c in captions]
        )
        labels = unordered(torch.tensor([caption.labels for caption in captions])).numpy()
        return labels, predictions(self.judge, pictures).numpy()

    def diversity(self) -> list[Bar]:
        """Spread of 64 seeds as share of the spread of 64 drawn scenes."""
        count = self.options.seeds
        made = self.generator.pictures(self.generator.noise(count, 72), [DIVERSE_TEXT] * count)
        first = HELD_OUT_SEED + 80_000
        drawn = np.stack([window(DIVERSE, seed)[0] for seed in range(first, first + count)])
        shares = 100 * mean_distances(made) / mean_distances(drawn).mean()
        name = "same prompt, other seeds: spread of real scenes"
        return [Bar(name, mean_of(shares), 80, 95, f"{count} seeds")]

    def speed(self) -> list[Bar]:
        """A single frame with guidance, plain diffusers calls."""
        times = []
        for _ in range(9):
            start = time.perf_counter()
            self.generator.pictures(self.generator.noise(1, 75), [PROMPTS[0]])
            times.append(time.perf_counter() - start)
        name, sample = f"frame at {self.options.steps} steps with guidance", "median of 9"
        return [Bar(name, exactly(median(times)), 0.6, 0.3, sample, "s", smaller_is_better=True)]

    def size(self) -> list[Bar]:
        """What the folder adds to the repository."""
        total = exactly(shipped_bytes(self.options.folder) / 1e6)
        name = "size in the repository"
        return [Bar(name, total, 40, 25, "all files", "MB", smaller_is_better=True)]

    def parts(self) -> dict[str, Callable[[], list[Bar]]]:
        """What there is to measure, by name, in the order of the table."""
        seeds, generator = self.options.seeds, self.generator
        return {
            "sheets": self.sheets,
            "vae": self.vae,
            "scorer": self.scorer,
            "prompts": self.prompts,
            "diversity": self.diversity,
            "fading": lambda: fading(generator, seeds),
            "sweep": lambda: sweep(generator, self.clip, 2 * seeds),
            "translation": lambda: translation(generator, max(1, seeds // 4)),
            "stripes": lambda: straight(generator, seeds),
            "walks": lambda: steps_of_walks(generator, self.options.walks),
            "speed": self.speed,
            "size": self.size,
        }

    def measured(self, name: str, anew: bool = True) -> list[dict[str, Any]] | None:
        """The bars of one part; None where they are not known yet and not to be measured."""
        path, options = self.options.work / "bars" / f"{name}.json", vars(self.options)
        own = ("walks",) if name == "walks" else ()
        chosen = {key: options[key] for key in (*MEASURED_WITH, *own)}
        sources = list(self.options.folder.rglob("*.safetensors"))
        if name == "prompts":
            sources.append(self.options.work / "classifier.pt")
        if is_current(path, *sources):
            kept = json.loads(path.read_text("utf-8"))
            if kept["options"] == chosen:
                bars: list[dict[str, Any]] = kept["bars"]
                return bars
        if not anew:
            return None
        made = self.parts()[name]()
        for bar in made:
            print(line(bar), flush=True)
        bars = [{**asdict(bar), "passed": bar.passed} for bar in made]
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"options": chosen, "bars": bars}, ensure_ascii=False), "utf-8")
        return bars

    def sheets(self) -> list[Bar]:
        """The sheet of 64 pictures and the strips of all methods."""
        texts = [EXAMPLES[i % len(EXAMPLES)] for i in range(64)]
        work = self.options.work
        sheet(self.generator.pictures(self.generator.noise(64, 76), texts), 8, work / "sheet.png")
        strips = [walks(self.generator, PROMPTS[i % 4], 300 + i) for i in range(2)]
        sheet(np.concatenate(strips), 9, work / "strips.png")
        return []


def _obeyed(kind: str, told: NDArray[np.bool_], right: NDArray[np.bool_]) -> list[Bar]:
    bars = []
    for name, (parts, least, aim) in JUDGED.items():
        columns = [NAMES.index(part) for part in parts]
        asked = told[:, columns].all(axis=1)
        hits: NDArray[np.bool_] = np.all(right[asked][:, columns], axis=1)
        bars.append(Bar(f"{kind}: {name}", share_of(hits), least, aim, f"{len(hits)} captions"))
    return bars


def _number(kind: str, labels: NDArray[np.int64], found: NDArray[np.int64]) -> Bar:
    one, seen_one = labels[:, _SECOND] == len(ANIMALS), found[:, _SECOND] == len(ANIMALS)
    hits: NDArray[np.bool_] = np.equal(one, seen_one)
    return Bar(f"{kind}: number of figures", share_of(hits), 85, 95, f"{len(hits)} captions")


def main() -> None:
    """Command line."""
    command = parser(__doc__)
    command.add_argument("--folder", type=type(MODEL_FOLDER), default=MODEL_FOLDER)
    command.add_argument("--pictures", type=int, default=500)
    command.add_argument("--seeds", type=int, default=64)
    command.add_argument("--walks", type=int, default=16)
    command.add_argument("--steps", type=int, default=STEPS)
    command.add_argument("--guidance", type=float, default=GUIDANCE)
    command.add_argument("--parts", nargs="+", help="some of what there is to measure")
    options = command.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    evaluation = Evaluation(options)
    unknown = set(options.parts or ()) - set(evaluation.parts())
    if unknown:
        command.error(
            f"no such part: {', '.join(unknown)}; there are {', '.join(evaluation.parts())}"
        )
    for name in options.parts or evaluation.parts():
        evaluation.measured(name)
    known = {name: evaluation.measured(name, anew=False) for name in evaluation.parts()}
    lacking = [name for name, bars in known.items() if bars is None]
    if lacking:
        print(f"evaluate: to be measured yet: {', '.join(lacking)}")
    else:
        write_report(options, evaluation, [bar for bars in known.values() for bar in bars or ()])


def write_report(
    options: argparse.Namespace, evaluation: Evaluation, bars: list[dict[str, Any]]
) -> None:
    """Writes bars.json and the card's table into the model folder."""
    ceiling = accuracies(evaluation.judge)
    report = {
        "steps": options.steps,
        "guidance": options.guidance,
        "judge_on_drawn_scenes": {name: round(100 * share, 1) for name, share in ceiling.items()},
        "bars": bars,
    }
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    (options.folder / "bars.json").write_text(text, "utf-8")
    write_card(options.folder, report)


if __name__ == "__main__":
    main()
