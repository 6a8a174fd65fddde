"""A model that is ready to draw: texts to arrays, noise to noise prediction, latents to pixels.

The only torch-level face of a model. Call it from one thread at a time.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engine.conditioning import Conditioning
from engine.messages import ModelInfo
from engine.models.families.contract import Family
from engine.models.inspection.recommended_settings import check_size
from engine.models.networks.tokens import TokenCount, TokenCounter
from engine.models.parts import Parts
from engine.models.running.cuda_graphs import recorded_on_cuda
from engine.models.running.decoder import Decoder, Pictures
from engine.models.running.memory import release_memory
from engine.models.running.parallel_unet import ParallelUnet
from engine.models.running.rows import Rows, rows_of_texts
from engine.models.running.unet_runner import UnetRunner
from engine.models.schedules.noise_schedule import noise_schedule
from engine.models.schedules.scheduler_config import (
    make_scheduler,
    replaced_scheduler,
    solver_name,
    step_timesteps,
)
from engine.solvers.contract import SolverTable, make_table, solvers_for
from engine.walk import Sampling


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The properties of a model apart from its weights.

    `identity` is a digest of everything in the folder that influences pixels. `weights` is the
    number of the denoiser's. `scorer` is the folder of a CLIP model that came with it.
    """

    identity: str
    name: str
    location: str
    scheduler_class: str
    scheduler_config: Mapping[str, Any]
    default_sampling: Sampling
    weights: int
    scorer: Path | None = None


class DiffusionModel:
    """A model of some family on its device. Owns the networks until `close`.

    `parts` are its networks, in evaluation mode, and its tokenizers. `weight_bits` are the bits of
    the weights of linear layers, if they are fewer than the dtype's, or 0. With `apart`, its text
    encoders and its denoiser are never in memory together: each is opened when it is needed. With
    `cuda_graphs`, small steps on a CUDA device are recorded and replayed. `precision_note` is the
    reason for a precision that was chosen by measurement.
    """

    def __init__(
        self,
        card: ModelCard,
        family: Family,
        parts: Parts,
        device: torch.device,
        dtype: torch.dtype,
        *,
        weight_bits: int = 0,
        apart: bool = False,
        cuda_graphs: bool = False,
    ) -> None:
        self.card, self.family, self.device, self.dtype = card, family, device, dtype
        self.identity, self.name, self.location = card.identity, card.name, card.location
        self.default_sampling = card.default_sampling
        self.scheduler_class = card.scheduler_class
        self.scheduler_config = card.scheduler_config
        self.solver = solver_name(card.scheduler_class, card.scheduler_config)
        self.schedule = noise_schedule(card.scheduler_class, card.scheduler_config)
        self.weights, self.latent_channels = card.weights, family.channels
        self.downscale = family.downscale
        self.apart, self._cuda_graphs = apart, cuda_graphs
        self.precision_note = ""
        self.weight_bits = weight_bits
        vae, together = parts["vae"], device.type != "cpu"
        if family.own_networks:
            vae.to(memory_format=torch.channels_last)
        self._decoder: Decoder | None = Decoder(
            Pictures(vae, family.pixels, family.downscale, family.patch), device, together
        )
        self._opened: Parts | None = parts
        self._made: UnetRunner | None = None
        self._steady_rows: dict[tuple[int, ...], int] = {}
        self._decodes_alone = device.type == "cpu"
        if not apart:
            self._made = self._make_runner()

    def count(self, prompt: str) -> TokenCount:
        """Return the number of tokens of a prompt, and the limit."""
        return self.family.count(self._parts, prompt)

    def latent_shape(self, width: int, height: int) -> tuple[int, int, int]:
        """The shape [C, h, w] of the latents of pictures of so many pixels.

        Raises InputError for a size that the model cannot draw.
        """
        check_size(self.family, width, height)
        return self.family.noise_shape(width, height)

    @property
    def precision(self) -> str:
        """The dtype, and the bits of weights if they are fewer: what pixels depend on."""
        fewer = f", {self.weight_bits}-bit weights" if self.weight_bits else ""
        return f"{self.dtype}{fewer}"

    @torch.inference_mode()
    def encode(self, prompts: Sequence[str], negative: bool = False) -> tuple[Conditioning, ...]:
        """Encode each prompt, or negative prompt, alone, so that it depends on no other: its
        arrays by role."""
        parts = self._parts
        if self.apart and any(name not in parts.opened for name in self.family.encoders):
            self._made = None
            self._free((self.family.denoiser,))
        return tuple(self.family.encode(parts, prompt, negative) for prompt in prompts)

    @torch.inference_mode()
    def time_state(self, timesteps: torch.Tensor, guidance: float = 1.0) -> torch.Tensor:
        """Return the states of timesteps [n] for `denoise`: a tensor of n rows.

        `guidance` is the strength of guidance of all of them, for a model that takes it.
        """
        times = self.family.times(timesteps.to(self.device), guidance)
        return self._run.time_state(times)

    @torch.inference_mode()
    def text_state(self, texts: Sequence[Conditioning]) -> Rows:
        """Return the states of n texts for `denoise`."""
        return self._run.text_state(rows_of_texts(texts, self.device, self.dtype))

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
        return self._run(sample.to(self.device, self.dtype), times, texts)[:rows]

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
        return self._decode(latents)

    @property
    def decode_note(self) -> str:
        """The note of pictures that are not decoded in the usual way, or ""."""
        return self._decode.note

    def make_scheduler(self, steps: int, shape: tuple[int, int, int]) -> tuple[Any, torch.Tensor]:
        """A new scheduler object of the model's own class, and the timesteps of its steps.

        Raises ModelError for an unknown class, and ValueError for a number of steps that it does
        not take.
        """
        scheduler = make_scheduler(self.scheduler_class, self.scheduler_config)
        takes = inspect.signature(scheduler.set_timesteps).parameters
        options = {
            "mu": self.family.mu(self.schedule, shape, steps),
            **self.family.timestep_options(steps),
        }
        given = {name: value for name, value in options.items() if name in takes}
        scheduler.set_timesteps(steps, device=self.device, **given)
        return scheduler, step_timesteps(scheduler)

    def table(self, solver: str, shape: tuple[int, int, int], steps: int) -> SolverTable | None:
        """The table of a solver for latents of `shape`; None if it has none.

        Raises InputError as `make_table`.
        """
        return make_table(solver, self.schedule, steps, self.family.mu(self.schedule, shape, steps))

    def batch_exact(self, shape: tuple[int, int, int]) -> bool:
        """True if frames with latents of `shape` are the same bit for bit in batches of any size.

        This needs enough rows in each batch, and separate decoding of each picture.
        """
        return (
            self._decodes_alone
            and not self.family.by_length
            and self._steady_rows.get(shape, 0) > 0
        )

    def info(self, batch: int, batch_exact: bool) -> ModelInfo:
        """Return the model's description. `batch` is the number of slots in use."""
        return ModelInfo(
            name=self.name,
            location=self.location,
            device=str(self.device),
            precision=str(self.dtype).removeprefix("torch."),
            precision_note=self.precision_note,
            weight_bits=self.weight_bits,
            batch=batch,
            multiple=self.family.multiple,
            solver=self.solver,
            solvers=solvers_for(self.schedule.kind),
            replaced=replaced_scheduler(self.scheduler_class, self.scheduler_config),
            default_sampling=self.default_sampling,
            bytes_loaded=self.bytes,
            identity=self.identity,
            batch_exact=batch_exact,
            **self._counting,
            guiding=self.family.guiding,
        )

    @property
    def _counting(self) -> dict[str, Any]:
        """The folder of the tokenizer that counts a prompt's tokens, and the most of them."""
        tokenizer = self._parts[self.family.counts_with]
        if isinstance(tokenizer, TokenCounter):
            return {"tokenizer": str(tokenizer.folder)}
        return {"tokenizer": str(tokenizer.name_or_path), "tokens": self.family.limit(self._parts)}

    @property
    def bytes(self) -> int:
        """The bytes of the weights of the opened networks."""
        return self._parts.bytes

    def close(self) -> None:
        """Let the networks go and give their memory back. The model is of no use afterwards."""
        self._opened = self._made = self._decoder = None
        release_memory(self.device)

    @property
    def _parts(self) -> Parts:
        if self._opened is None:
            raise RuntimeError(f"the model {self.name!r} was closed")
        return self._opened

    @property
    def _decode(self) -> Decoder:
        if self._decoder is None:
            raise RuntimeError(f"the model {self.name!r} was closed")
        return self._decoder

    @property
    def _run(self) -> UnetRunner:
        """The runner of the denoiser; with `apart`, the text encoders are freed before."""
        if self._made is None:
            self._free(self.family.encoders)
            self._made = self._make_runner()
        return self._made

    def _free(self, names: Sequence[str]) -> None:
        self._parts.free(names)
        release_memory(self.device)

    def _make_runner(self) -> UnetRunner:
        family, device = self.family, self.device
        run = family.runner(self._parts[family.denoiser], device, self.dtype)
        if device.type == "cpu" and family.parallel:
            return ParallelUnet(run, torch.get_num_threads())
        if device.type == "cuda" and self._cuda_graphs:
            return recorded_on_cuda(run, device)
        return run


def _filled_up(rows: torch.Tensor, missing: int) -> torch.Tensor:
    """The rows [n, …], and the last of them so many times more."""
    return torch.cat((rows, rows[-1:].expand(missing, *rows.shape[1:])))
