"""Sampling with a scheduler object of diffusers: all frames of a batch are at the same step.

It is used for solvers without a table. Such an object stores earlier steps, so a frame cannot join
a running batch: the batch is filled before its first step, and all its frames end together.
"""

from __future__ import annotations

import inspect
from collections.abc import Hashable
from typing import Any, Generic, Protocol, TypeVar

import torch

from engine.conditioning import Array32, Conditioning
from engine.errors import InputError
from engine.models.running.rows import join_rows
from engine.render.sampling.sampler import Denoiser, Guidance
from engine.solvers.contract import Schedule

Item = TypeVar("Item", bound=Hashable)

#: Seed of the noise that some schedulers add between steps. It is the same for all frames, so that
#: a walk is as smooth as its initial latents.
_NOISE_SEED = 0


class ScheduledDenoiser(Denoiser, Protocol):
    """A model that can create its own scheduler, with the timesteps of its steps."""

    schedule: Schedule

    def make_scheduler(
        self, steps: int, shape: tuple[int, int, int]
    ) -> tuple[Any, torch.Tensor]: ...


class LockstepSampler(Generic[Item]):
    """Has the same interface as `Sampler`. Slots are free only before the first step.

    `steps` is the scheduler's number of calls of the UNet: Heun's method has two for a step.
    """

    def __init__(
        self,
        model: ScheduledDenoiser,
        steps: int,
        guidance: Guidance,
        slots: int,
        shape: tuple[int, int, int],
        text: Conditioning,
    ) -> None:
        self._model, self._asked, self._guidance = model, steps, guidance
        self._shape = shape
        self._schedule = model.schedule.above_zero()
        self.capacity = slots
        self._items: list[Item] = []
        self._x = torch.zeros((slots, *shape), device=model.device)
        self._x0 = torch.zeros_like(self._x)
        self._positive = model.text_state([text]).zeros(slots)
        self._negative = self._positive.zeros(slots)
        self._begin()
        self.steps = len(self._timesteps)
        self._guided = guidance.mask(self.steps)

    @property
    def items(self) -> tuple[Item, ...]:
        """The frames in work."""
        return tuple(self._items)

    @property
    def free(self) -> int:
        return 0 if self._step else self.capacity - len(self._items)

    @property
    def furthest(self) -> int:
        """The number of steps that are done."""
        return self._step

    @property
    def lead(self) -> int:
        """The number of all steps while frames may join, so that all of them join at once."""
        return self._step or self.steps

    def admit(
        self, item: Item, latent: Array32, positive: Conditioning, negative: Conditioning
    ) -> None:
        """Give a frame a slot. `latent` [C, h, w] has unit variance."""
        if not self.free:
            raise RuntimeError("every slot is occupied")
        k = len(self._items)
        self._items.append(item)
        # Flow schedulers do not scale the noise or the input of a step.
        scale = getattr(self._scheduler, "init_noise_sigma", 1.0)
        self._x[k].copy_(torch.from_numpy(latent) * scale)
        texts = self._model.text_state((negative, positive))
        self._negative[k : k + 1], self._positive[k : k + 1] = texts[:1], texts[1:]

    @torch.inference_mode()
    def tick(self) -> list[tuple[Item, torch.Tensor]]:
        """One step of every frame. Returns all of them after the last, with z_0 [C, h, w]."""
        n = len(self._items)
        if not n:
            return []
        # A copy, because multistep schedulers keep the samples of the steps before.
        timestep, x = self._timesteps[self._step], self._x[:n].clone()
        scaled = getattr(self._scheduler, "scale_model_input", None)
        sample = x if scaled is None else scaled(x, timestep)
        output = self._predict(sample)
        a, b = self._schedule.x0_coefficients(float(timestep))
        self._x0[:n] = a * sample + b * output
        step = self._scheduler.step(output, timestep, x, **self._options)
        self._x[:n] = step.prev_sample
        self._step += 1
        return self._finish() if self._step == self.steps else []

    def estimates(self) -> list[tuple[Item, int, torch.Tensor]]:
        """Return each frame in work, its step, and the x0 [C, h, w] that its last step
        predicted."""
        if not self._step:
            return []
        return [(item, self._step, self._x0[k]) for k, item in enumerate(self._items)]

    def _begin(self) -> None:
        """Create a new scheduler object without earlier steps."""
        self._step = 0
        try:
            made = self._model.make_scheduler(self._asked, self._shape)
        except ValueError as error:
            raise InputError(
                f"The model's own scheduler does not take {self._asked} steps; choose fewer, or "
                "another solver."
            ) from error
        self._scheduler, self._timesteps = made
        self._times = self._model.time_state(self._timesteps, self._guidance.scale)
        self._noise: list[torch.Generator] = [
            torch.Generator().manual_seed(_NOISE_SEED) for _ in range(self.capacity)
        ]

    @property
    def _options(self) -> dict[str, Any]:
        """Return the optional arguments of this scheduler's step, as in StableDiffusionPipeline,
        with no added noise if the scheduler has that option."""
        takes = inspect.signature(self._scheduler.step).parameters
        options = {"generator": self._noise[: len(self._items)], "eta": 0.0}
        return {name: value for name, value in options.items() if name in takes}

    def _predict(self, sample: torch.Tensor) -> torch.Tensor:
        """Return the guided prediction [n, C, h, w]."""
        n, time = len(sample), self._times[self._step]
        positive = self._positive[:n]
        if not self._guided[self._step]:
            return self._model.denoise(sample, time.expand(n, *time.shape), positive).float()
        times, texts = time.expand(2 * n, *time.shape), join_rows(self._negative[:n], positive)
        output = self._model.denoise(torch.cat((sample, sample)), times, texts)
        without, with_text = output.float().chunk(2)
        return self._guidance(with_text, without)

    def _finish(self) -> list[tuple[Item, torch.Tensor]]:
        done = [(item, self._x[k].clone()) for k, item in enumerate(self._items)]
        self._items.clear()
        self._begin()
        return done
