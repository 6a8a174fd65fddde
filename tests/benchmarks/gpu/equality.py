"""This engine's results against those of diffusers on the same device, in float32 without TF32."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from engine.conditioning import Role
from engine.models.loaded import DiffusionModel
from tests.benchmarks.bench import peak_signal_to_noise
from tests.benchmarks.engine_case import frames_of
from tests.benchmarks.gpu.cases import Pipelines, render
from tests.benchmarks.gpu.notes import Notes
from tests.benchmarks.gpu.random_models import RandomModel
from tests.benchmarks.workloads import PROMPT, make_walk

#: The least signal-to-noise ratio of pictures, in dB, and the largest difference of latents as a
#: share of the largest latent.
LEAST_DB, MOST_OFF = 60.0, 1e-4


def without_tf32() -> None:
    """Let matrix products and convolutions compute in whole float32."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


def compare_networks(notes: Notes, model: RandomModel, ours: DiffusionModel) -> None:
    """One call of each network: the largest difference as a share of the largest number."""
    device, dtype = model.device, model.dtype
    latents = torch.from_numpy(model.latents(4)).to(device, dtype)
    times = torch.tensor([999.0, 700.0, 300.0, 1.0], device=device)
    with torch.inference_mode():
        texts = ours.encode(["", PROMPT] * 2)
        said = torch.tensor(np.stack([t.arrays[Role.SEQUENCE] for t in texts]))
        mine = ours.denoise(latents, ours.time_state(times), ours.text_state(texts))
        theirs = model.networks["unet"](latents, times, said.to(device, dtype)).sample
        notes.put("UNet, largest difference as a share", _off(mine, theirs))
        vae = model.networks["vae"]
        theirs = vae.decode(latents / vae.config.scaling_factor).sample.float()
        pictures = np.stack([p.numpy() for p in ours.decode(latents) if p is not None])
    expected = (theirs / 2 + 0.5).clamp(0, 1).mul(255).round().permute(0, 2, 3, 1).cpu().numpy()
    notes.put("VAE, dB of the pictures", _decibels(pictures, expected))


def compare_frames(
    notes: Notes, model: RandomModel, ours: DiffusionModel, frames: int = 3, slots: int = 2
) -> None:
    """Whole frames against one pipeline call each, and two runs against each other."""
    walk, pipe = make_walk(frames), Pipelines(model)
    drawn = [_drawn(ours, model.sampling, walk, slots) for _ in range(2)]
    initial = np.stack([frame.initial for frame in drawn[0]])
    finals = np.stack([frame.final for frame in drawn[0]])
    pictures = np.stack([frame.image for frame in drawn[0]])
    theirs = np.concatenate([pipe.naive(z[None], "latent").float().cpu().numpy() for z in initial])
    shown = np.stack([np.asarray(pipe.naive(z[None])[0]) for z in initial])
    off, decibels = _off(finals, theirs), _decibels(pictures, shown)
    notes.put("frames, largest difference of latents as a share", off)
    notes.put("frames, dB of the pictures", decibels)
    equal = decibels == "equal" or float(decibels) >= LEAST_DB
    notes.put("frames equal the pipeline's", bool(off <= MOST_OFF and equal))
    again = all(np.array_equal(a.image, b.image) for a, b in zip(*drawn, strict=True))
    notes.put("two runs are bit-equal", again)


def _drawn(model: DiffusionModel, sampling: Any, walk: Any, slots: int) -> list[Any]:
    frames = frames_of(render(model, sampling, walk, slots))
    return sorted(frames, key=lambda frame: frame.index)


def _off(a: Any, b: Any) -> float:
    """The largest difference of two arrays or tensors as a share of b's largest number."""
    a, b = (torch.as_tensor(x).float() for x in (a, b))
    return float((a - b).abs().max() / b.abs().max())


def _decibels(a: Any, b: Any) -> float | str:
    found = peak_signal_to_noise(a, b)
    return "equal" if found is None else found
