"""All parts on one GPU in about twenty minutes: the steps' own losses, with the data in its memory.

The single steps read pictures and write captions as they train, which is right for a CPU and would
leave a GPU waiting. Here pictures, tokens and embeddings are made once and every batch is gathered
on the device. The results lie in the work folder under the names that the single steps use.
"""

from __future__ import annotations

import argparse
import copy
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextModel

from . import (
    dataset,
    train_classifier,
    train_clip,
    train_text,
    train_tokenizer,
    train_unet,
    train_vae,
)
from .captions import caption
from .common import autocast, parser, prepare
from .muon import Pair, ramp
from .scenes import OFFSET_SPREAD

VARIANTS = 4
ROWS = 16
STEPS = ("data", "text", "vae", "judge", "clip", "unet")


class Clock:
    """Steps until the minutes are over, with a line every ten seconds."""

    def __init__(self, name: str, minutes: float) -> None:
        self.name, self.seconds = name, 60 * minutes
        self.step, self._began, self._told = 0, time.monotonic(), 0.0

    def run(self, work: Callable[[int, float], Tensor]) -> None:
        """`work` is given the step and the share of the time, and returns its loss."""
        while (spent := time.monotonic() - self._began) < self.seconds:
            loss = work(self.step, spent / self.seconds)
            self.step += 1
            if spent - self._told > 10:
                self._told = spent
                print(
                    f"{self.name}: step {self.step} {spent:.0f} s loss {float(loss):.4f}",
                    flush=True,
                )


class Pool:
    """The training set on the device: panoramas, labels, and the tokens of their captions."""

    def __init__(self, work: Path, device: torch.device) -> None:
        self.device = device
        pictures = dataset.open_panoramas(work)
        self.panoramas = torch.from_numpy(np.array(pictures)).to(device)
        stored = np.load(work / "captions.npz")
        self.labels = torch.from_numpy(stored["labels"]).long().to(device)
        self.told = torch.from_numpy(stored["told"]).long().to(device)
        self.tokens = torch.from_numpy(stored["tokens"].astype(np.int64)).to(device)

    def __len__(self) -> int:
        return len(self.panoramas)

    def choose(self, count: int) -> Tensor:
        """Numbers of random panoramas: [count]."""
        return torch.randint(0, len(self), (count,), device=self.device)

    def starts(self, count: int) -> Tensor:
        """First latent columns of windows, spread as `scenes.window_offset` spreads them."""
        wish = torch.randn(count, device=self.device) * OFFSET_SPREAD + 8.0
        return wish.round().clamp(0, 16).long()

    def windows(self, chosen: Tensor) -> Tensor:
        """Pictures as the scorer sees them: [n, 3, 128, 128] in −1…1."""
        side = self.panoramas.shape[1]
        columns = 8 * self.starts(len(chosen))[:, None] + torch.arange(side, device=self.device)
        pictures = self.panoramas[chosen[:, None, None], _rows(side, self.device), columns[:, None]]
        return _unit(pictures)

    def crops(self, count: int, side: int = train_vae.CROP) -> Tensor:
        """Random crops near the subjects, at latent pixels: [count, 3, side, side] in −1…1."""
        rows, columns = ((n - side) // 8 for n in self.panoramas.shape[1:3])
        top = 8 * torch.randint(0, rows + 1, (count, 1, 1), device=self.device)
        left = 8 * torch.randint(6, columns - 5, (count, 1, 1), device=self.device)
        ahead = torch.arange(side, device=self.device)
        chosen = self.choose(count)[:, None, None]
        return _unit(self.panoramas[chosen, top + ahead[:, None], left + ahead])


def _rows(side: int, device: torch.device) -> Tensor:
    return torch.arange(side, device=device)[:, None]


def _unit(pictures: Tensor) -> Tensor:
    return pictures.permute(0, 3, 1, 2).float().div(127.5).sub(1.0).contiguous()


def _softened(pictures: Tensor, noisy: Tensor) -> Tensor:
    """Pictures [n, 3, h, w] with less or, where `noisy` [n], more detail, as in `train_clip`."""
    at = torch.arange(-4, 5, device=pictures.device)
    weights = torch.exp(-0.5 * (at / 1.4) ** 2)
    kernel = (weights[:, None] * weights / weights.sum() ** 2).expand(3, 1, 9, 9)
    soft = functional.conv2d(functional.pad(pictures, (4, 4, 4, 4), "reflect"), kernel, groups=3)
    share = 0.15 + 0.85 * torch.rand(len(pictures), device=pictures.device)
    share = torch.where(noisy, -train_clip.NOISIEST * share, share)
    return torch.lerp(pictures, soft, share[:, None, None, None]).clamp(-1, 1)


def _captioned(job: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str]]:
    """Labels, labels that each caption tells, and captions, of the scenes first…last−1.

    After a scene's own captions come as many that call it blurry, and noisy, for such pictures.
    """
    labels, told, texts = [], [], []
    for seed in range(*job):
        labels.append(dataset.attributes_of(seed).labels())
        rng = np.random.default_rng((seed, 9))
        for _ in range(VARIANTS):
            text, heard = train_text.told_labels(seed, rng)
            texts.append(text)
            told.append(heard)
        for finish in ("blurry", "noisy"):
            changed = replace(dataset.attributes_of(seed), finish=finish)
            texts += [caption(changed, rng) for _ in range(VARIANTS)]
    return np.array(labels), np.array(told), texts


def make_data(work: Path, count: int, workers: int) -> None:
    """Pictures, tokenizer and captions, unless they are there."""
    dataset.render(work, count, workers)
    if not (work / "tokenizer").exists():
        train_tokenizer.train(work / "tokenizer", train_tokenizer.sample_captions(20_000), 700)
    if (work / "captions.npz").exists():
        return
    jobs = [(k, min(k + 500, count)) for k in range(0, count, 500)]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        parts = pool.map(_captioned, jobs)
    tokenizer = train_tokenizer.load(work)
    texts = [text for part in parts for text in part[2]]
    tokens = np.concatenate(
        [
            np.asarray(
                tokenizer(
                    texts[k : k + 20_000],
                    padding="max_length",
                    max_length=train_tokenizer.MAX_LENGTH,
                    truncation=True,
                ).input_ids,
                np.int16,
            )
            for k in range(0, len(texts), 20_000)
        ]
    )
    np.savez(
        work / "captions.npz",
        labels=np.concatenate([part[0] for part in parts]),
        told=np.concatenate([part[1] for part in parts]).reshape(count, VARIANTS, -1),
        tokens=tokens.reshape(count, 3 * VARIANTS, -1),
    )


def train_text_tower(options: argparse.Namespace, pool: Pool, minutes: float) -> None:
    """The text tower, on captions alone."""
    tower = CLIPTextModel(train_text.config(train_tokenizer.load(options.work)))
    trainer = train_text.TextTrainer(tower).to(pool.device)
    pair = Pair(trainer, 0.01, 1e-3, ("embedding", "heads"))

    def work(step: int, share: float) -> Tensor:
        chosen = pool.choose(512)
        variant = torch.randint(0, VARIANTS, (512,), device=pool.device)
        length = train_tokenizer.MAX_LENGTH if step % 3 == 2 else 32
        tokens = pool.tokens[chosen, variant, :length]
        with autocast(pool.device):
            loss = trainer.loss(tokens, pool.told[chosen, variant])["loss"]
        return _descend(loss, pair, ramp(share))

    Clock("text", minutes).run(work)
    torch.save({"model": trainer.cpu().state_dict()}, options.work / "text.pt")


def train_autoencoder(options: argparse.Namespace, pool: Pool, minutes: float) -> None:
    """The autoencoder, and its latents of all panoramas."""
    vae: AutoencoderKL = train_vae.build().to(pool.device, memory_format=torch.channels_last)
    pair = Pair(vae, 0.018, 2e-3, ("conv_in", "conv_out", "quant_conv"))
    batch = 96

    def work(step: int, share: float) -> Tensor:
        pictures = pool.crops(batch).to(memory_format=torch.channels_last)
        with autocast(pool.device):
            strokes = train_vae.stroke_weight(share)
            losses = train_vae.step_loss(vae, pictures, step % 6 == 5, strokes)
        extra = train_vae.KL_WEIGHT * losses["kl"] + train_vae.ANCHOR_WEIGHT * losses["anchor"]
        return _descend(losses["loss"] + extra, pair, ramp(share, hold=0.1))

    Clock("vae", minutes).run(work)
    vae.eval()
    with torch.no_grad():
        train_vae.standardise(vae, _unit(pool.panoramas[:256, :, 64:192]))
    torch.save(vae.cpu().state_dict(), options.work / "vae-final.pt")
    print(f"vae: {train_vae.psnr(vae.to(pool.device)):.2f} dB on held-out pictures", flush=True)


def train_judge(options: argparse.Namespace, pool: Pool, minutes: float) -> None:
    """The classifier that judges generated pictures."""
    model = train_classifier.Classifier().to(pool.device)
    pair = Pair(model, 0.02, 2e-3, ("features.0", "heads"))

    def work(step: int, share: float) -> Tensor:
        chosen = pool.choose(512)
        with autocast(pool.device):
            parts = model(functional.avg_pool2d(pool.windows(chosen), 2))
        labels = pool.labels[chosen]
        losses = [functional.cross_entropy(part, labels[:, i]) for i, part in enumerate(parts)]
        return _descend(torch.stack(losses).sum(), pair, ramp(share))

    Clock("judge", minutes).run(work)
    torch.save({"model": model.cpu().state_dict()}, options.work / "classifier.pt")
    for name, share in train_classifier.accuracies(model).items():
        print(f"judge: {name} {share:.1%} on held-out scenes", flush=True)


def train_scorer(options: argparse.Namespace, pool: Pool, minutes: float) -> None:
    """CLIP; every other picture is one of the others again, blurry or noisy."""
    trainer = train_clip.ClipTrainer(train_clip.build(options)).to(pool.device)
    pair = Pair(trainer, 0.01, 1e-3, ("embedding", "heads", "logit_scale", "projection"))

    def work(step: int, share: float) -> Tensor:
        chosen = pool.choose(256).repeat(2)
        variant = torch.randint(0, VARIANTS, (512,), device=pool.device)
        noisy = torch.rand(256, device=pool.device) < 0.5
        variant[256:] += VARIANTS * (1 + noisy)
        pictures, labels = pool.windows(chosen), pool.labels[chosen]
        pictures[256:] = _softened(pictures[256:], noisy)
        labels[256:, -1] = 1 + noisy.long()  # blurry, noisy: as FINISHES has them
        with autocast(pool.device):
            loss = trainer.loss(pictures, pool.tokens[chosen, variant, :40], labels)["loss"]
        return _descend(loss, pair, ramp(share))

    Clock("clip", minutes).run(work)
    torch.save({"model": trainer.cpu().state_dict()}, options.work / "clip.pt")
    print(f"clip: {train_clip.top1(trainer.model.eval(), options):.1%} top-1 of 256", flush=True)


class Latents:
    """Latents of all panoramas [N, 4, 16, 32] and the states of their captions, on the device."""

    @torch.no_grad()
    def __init__(self, options: argparse.Namespace, pool: Pool) -> None:
        self._pool = pool
        vae = train_vae.load_final(options.work, refined=False).to(pool.device)
        parts = [
            vae.encode(_unit(pool.panoramas[k : k + 256])).latent_dist.mean
            for k in range(0, len(pool), 256)
        ]
        latents = torch.cat(parts)
        factor = 1.0 / float(latents.std())
        torch.save({"scaling_factor": factor}, options.work / "scaling.pt")
        self.latents = latents * factor
        tower = train_text.load_tower(options).to(pool.device)
        tokens = pool.tokens[:, :VARIANTS].flatten(0, 1)
        self.states = torch.cat(
            [
                tower(input_ids=tokens[k : k + 2048]).last_hidden_state.half()
                for k in range(0, len(tokens), 2048)
            ]
        )
        self.empty = train_unet.embed(train_tokenizer.load(options.work), tower, [""])[0]

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        """Strips [size, 4, 16, 17] and prompt states [size, 77, C], a tenth of them empty."""
        pool, width = self._pool, train_unet.STRIP
        chosen = pool.choose(size)
        starts = pool.starts(size).clamp(max=train_unet.PANORAMA - width)
        columns = starts[:, None] + torch.arange(width, device=pool.device)
        rows = torch.arange(ROWS, device=pool.device)[:, None]
        channels = torch.arange(4, device=pool.device)[:, None, None]
        strips = self.latents[chosen[:, None, None, None], channels, rows, columns[:, None, None]]
        variant = torch.randint(0, VARIANTS, (size,), device=pool.device)
        states = self.states[VARIANTS * chosen + variant].float()
        silent = torch.rand(size, device=pool.device) < train_unet.EMPTY_SHARE
        return strips, torch.where(silent[:, None, None], self.empty, states)


def train_denoiser(options: argparse.Namespace, pool: Pool, minutes: float) -> None:
    """The UNet. Its moving average is what is kept."""
    data = Latents(options, pool)
    unet: UNet2DConditionModel = train_unet.build().to(pool.device)
    unet.to(memory_format=torch.channels_last)
    average = copy.deepcopy(unet).eval().requires_grad_(False)
    pair = Pair(unet, options.rate, 1e-3, ("conv_in", "conv_out", "time_emb", "attn2.to_k"))
    diffusion = train_unet.Diffusion(pool.device)
    denoise: nn.Module = torch.compile(unet) if pool.device.type == "cuda" else unet  # type: ignore[assignment]
    old, new = list(average.parameters()), list(unet.parameters())

    def work(step: int, share: float) -> Tensor:
        strips, states = data.batch(max(1, options.batch // 2))
        loss = diffusion.loss(denoise, strips, states)
        told = _descend(loss, pair, ramp(share, hold=0.2), unet)
        torch._foreach_lerp_(old, new, 1 - min(0.999, (1 + step) / (10 + step)))
        if step % 2000 == 1999:
            _save_unet(options.work, average)
        return told

    Clock("unet", minutes).run(work)
    _save_unet(options.work, average)


def _save_unet(work: Path, average: nn.Module) -> None:
    torch.save({"average": {k: v.cpu() for k, v in average.state_dict().items()}}, work / "unet.pt")


def _descend(loss: Tensor, pair: Pair, factor: float, clip: nn.Module | None = None) -> Tensor:
    torch.autograd.backward(loss)
    if clip is not None:
        nn.utils.clip_grad_norm_(clip.parameters(), 1.0)
    pair.step(factor)
    return loss.detach()


def main() -> None:
    """Command line: `--minutes` is the UNet's time; the other parts have fixed shares."""
    command = parser(__doc__)
    command.add_argument("--count", type=int, default=64_000, help="panoramas to draw")
    command.add_argument("--only", default=",".join(STEPS), help="steps, with commas between")
    command.add_argument("--scale", type=float, default=1.0, help="factor of all other minutes")
    command.add_argument("--rate", type=float, default=0.012)
    command.set_defaults(batch=768, minutes=10.0)
    options = command.parse_args()
    device = prepare(options)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    steps = options.only.split(",")
    if "data" in steps:
        make_data(options.work, options.count, multiprocessing.cpu_count())
    pool = Pool(options.work, device)
    parts = (
        ("text", train_text_tower, 0.8 * options.scale),
        ("vae", train_autoencoder, 4.0 * options.scale),
        ("judge", train_judge, 0.5 * options.scale),
        ("clip", train_scorer, 1.2 * options.scale),
        ("unet", train_denoiser, options.minutes),
    )
    for name, train, minutes in parts:
        if name in steps:
            torch.manual_seed(options.seed)
            train(options, pool, minutes)


if __name__ == "__main__":
    main()
