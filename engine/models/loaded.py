"""A model that is ready to draw: texts to arrays, noise to noise prediction, latents to pixels.

The only torch-level face of a model. Call it from one thread at a time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from engine.conditioning import Conditioning, Role
from engine.errors import InputError
from engine.messages import ModelInfo
from engine.models.inspection.scheduler_config import (
    make_scheduler,
    replaced_scheduler,
    solver_name,
)
from engine.models.networks.text_tower import TextTower
from engine.models.networks.tokens import TokenCount, TokenCounter
from engine.models.networks.vae import VaeDecoder
from engine.models.running.cuda_graphs import recorded_on_cuda
from engine.models.running.decoder import Decoder
from engine.models.running.memory import release_memory
from engine.models.running.noise_schedule import noise_schedule
from engine.models.running.parallel_unet import ParallelUnet
from engine.models.running.rows import Rows, rows_of_texts
from engine.models.running.unet_runner import UnetRunner, make_runner
from engine.solvers.contract import solvers_for
from engine.walk import Sampling

_DISTILLED_GUIDANCE = 8.5


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The properties of a model apart from its weights.

    `identity` is a digest of everything in the folder that influences pixels. `scorer` is the
    folder of a CLIP model that came with it.
    """

    identity: str
    name: str
    location: str
    scheduler_class: str
    scheduler_config: Mapping[str, Any]
    default_sampling: Sampling
    scorer: Path | None = None


@dataclass(frozen=True, slots=True)
class ModelParts:
    """The networks, in evaluation mode, on one device, and the tokenizer."""

    tokenizer: TokenCounter
    text_encoder: TextTower = field(repr=False)
    unet: Any = field(repr=False)
    vae: VaeDecoder = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Running:
    """The loaded networks. Dropping this object frees their memory."""

    tokenizer: TokenCounter
    text_encoder: TextTower
    run: UnetRunner
    decode: Decoder


class DiffusionModel:
    """A Stable Diffusion model on its device. Owns the networks until `close`.

    With `cuda_graphs`, small steps on a CUDA device are recorded and replayed.
    """

    def __init__(
        self,
        card: ModelCard,
        parts: ModelParts,
        device: torch.device,
        dtype: torch.dtype,
        *,
        cuda_graphs: bool = False,
    ) -> None:
        self.card, self.device, self.dtype = card, device, dtype
        self.identity, self.name, self.location = card.identity, card.name, card.location
        self.default_sampling = card.default_sampling
        self.scheduler_class = card.scheduler_class
        self.scheduler_config = card.scheduler_config
        self.solver = solver_name(card.scheduler_class, card.scheduler_config)
        self.schedule = noise_schedule(card.scheduler_class, card.scheduler_config)
        parts.vae.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        guided = _guidance_embedding(parts.unet.config.time_cond_proj_dim)
        run = make_runner(parts.unet, guided if guided is None else guided.to(device, dtype))
        if device.type == "cpu":
            run = ParallelUnet(run, torch.get_num_threads())
        elif device.type == "cuda" and cuda_graphs:
            run = recorded_on_cuda(run, device)
        decoder = Decoder(parts.vae, device, together=device.type != "cpu")
        self._running: _Running | None = _Running(parts.tokenizer, parts.text_encoder, run, decoder)
        self._steady_rows: dict[tuple[int, ...], int] = {}
        self._decodes_alone = device.type == "cpu"
        self.weights = sum(p.numel() for p in parts.unet.parameters())
        self.latent_channels = int(parts.unet.config.in_channels)
        self.downscale = parts.vae.downscale
        self._bytes = sum(_bytes_of(m) for m in (parts.text_encoder, parts.unet, parts.vae))

    def count(self, prompt: str) -> TokenCount:
        """Return the number of tokens of a prompt, and the limit."""
        return self._open.tokenizer.count(prompt)

    def latent_shape(self, width: int, height: int) -> tuple[int, int, int]:
        """The shape [C, h, w] of the latents of pictures of so many pixels.

        Raises InputError for a size that the model cannot draw.
        """
        scale = self.downscale
        if width % scale or height % scale:
            near = "×".join(str(max(side // scale, 1) * scale) for side in (width, height))
            raise InputError(
                f"Width and height must be multiples of {scale} for this model, "
                f"not {width}×{height}; use {near}."
            )
        return self.latent_channels, height // scale, width // scale

    def encode(self, prompts: Sequence[str]) -> tuple[Conditioning, ...]:
        """Encode each prompt: a sequence [tokens, width].

        One prompt at a time, so that none depends on its neighbours.
        """
        return tuple(self._encode_one(prompt) for prompt in prompts)

    @torch.inference_mode()
    def time_state(self, timesteps: torch.Tensor) -> torch.Tensor:
        """Return the states of timesteps [n] for `denoise`: a tensor of n rows."""
        return self._open.run.time_state(timesteps.to(self.device))

    @torch.inference_mode()
    def text_state(self, texts: Sequence[Conditioning]) -> Rows:
        """Return the states of n texts for `denoise`."""
        rows = rows_of_texts(texts).map(lambda tensor: tensor.to(self.device, self.dtype))
        return self._open.run.text_state(rows)

    @torch.inference_mode()
    def denoise(self, sample: torch.Tensor, times: torch.Tensor, texts: Rows) -> torch.Tensor:
        """The UNet's output [n, C, h, w] in the model's dtype, on its device.

        sample [n, C, h, w], on any device; `times` and `texts` are n rows of the states above,
        which are computed once for a run and a prompt. Fewer rows than `keep_steady` was told of
        are filled up with copies.
        """
        rows = len(sample)
        missing = self._steady_rows.get(tuple(sample.shape[1:]), 0) - rows
        if missing > 0:
            sample, times = _filled_up(sample, missing), _filled_up(times, missing)
            texts = texts.map(lambda tensor: _filled_up(tensor, missing))
        return self._open.run(sample.to(self.device, self.dtype), times, texts)[:rows]

    def steady_rows(self, shape: tuple[int, int, int]) -> int | None:
        """Return the rows set by `keep_steady` for latents of `shape`, or None."""
        return self._steady_rows.get(shape)

    def keep_steady(self, shape: tuple[int, int, int], rows: int) -> None:
        """Never compute fewer rows of latents of `shape` [C, h, w] than these; 0 for unknown."""
        self._steady_rows[shape] = rows

    def decode(self, latents: torch.Tensor) -> list[torch.Tensor | None]:
        """A picture [H, W, 3], uint8 on the CPU, of each of the final latents [n, C, h, w]; None
        where its numbers are not finite.

        Latents as the sampler leaves them: the VAE's scaling is undone here. Raises the device's
        error where its memory does not even suffice for a part of one picture.
        """
        return self._open.decode(latents)

    @property
    def decode_note(self) -> str:
        """The note of pictures that are not decoded in the usual way, or ""."""
        return self._open.decode.note

    def make_scheduler(self) -> Any:
        """A new scheduler object of the model's own class. Raises ModelError for an unknown one."""
        return make_scheduler(self.scheduler_class, self.scheduler_config)

    def batch_exact(self, shape: tuple[int, int, int]) -> bool:
        """True if frames with latents of `shape` are the same bit for bit in batches of any size.

        This needs enough rows in each batch, and separate decoding of each picture.
        """
        return self._decodes_alone and self._steady_rows.get(shape, 0) > 0

    def info(self, batch: int, batch_exact: bool) -> ModelInfo:
        """Return the model's description. `batch` is the number of slots in use."""
        return ModelInfo(
            name=self.name,
            location=self.location,
            device=str(self.device),
            precision=str(self.dtype).removeprefix("torch."),
            batch=batch,
            downscale=self.downscale,
            solver=self.solver,
            solvers=solvers_for(self.schedule.kind),
            replaced=replaced_scheduler(self.scheduler_class, self.scheduler_config),
            default_sampling=self.default_sampling,
            bytes_loaded=self._bytes,
            identity=self.identity,
            batch_exact=batch_exact,
            tokenizer=str(self._open.tokenizer.folder),
        )

    def close(self) -> None:
        """Let the networks go and give their memory back. The model is of no use afterwards."""
        self._running = None
        release_memory(self.device)

    @property
    def _open(self) -> _Running:
        if self._running is None:
            raise RuntimeError(f"the model {self.name!r} was closed")
        return self._running

    @torch.inference_mode()
    def _encode_one(self, prompt: str) -> Conditioning:
        tokenizer, tower = self._open.tokenizer, self._open.text_encoder
        ids = tokenizer.ids([prompt])
        mask = None
        if tower.masks_padding:
            mask = torch.tensor(tokenizer.mask(ids, [prompt]), device=self.device)
        hidden: torch.Tensor = tower(torch.tensor(ids, device=self.device), mask)
        return Conditioning({Role.SEQUENCE: hidden[0].float().cpu().numpy()})


def _bytes_of(module: torch.nn.Module) -> int:
    return sum(p.numel() * p.element_size() for p in module.parameters())


def _filled_up(rows: torch.Tensor, missing: int) -> torch.Tensor:
    """The rows [n, …], and the last of them so many times more."""
    return torch.cat((rows, rows[-1:].expand(missing, *rows.shape[1:])))


def _guidance_embedding(width: int | None) -> torch.Tensor | None:
    """[1, width]: the strength of guidance that a latent consistency model is told to imitate.

    The sinusoids of Luo et al., arXiv 2310.04378, at the strength that diffusers takes for it.
    None for models that are told none.
    """
    if width is None:
        return None
    half = width // 2
    rates = torch.exp(torch.arange(half) * -(math.log(10000.0) / (half - 1)))
    angles = (_DISTILLED_GUIDANCE - 1.0) * 1000.0 * rates
    return torch.cat([angles.sin(), angles.cos()])[None]
