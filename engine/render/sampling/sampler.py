"""Continuous batching: a fixed number of slots, each with one frame at its own step.

One tick is one call of the UNet for all occupied slots, with the unconditional and conditional
halves together. After its last step, a frame frees its slot for the next one, so that the batch
stays full and frames are ready one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from engine.conditioning import Array32, Conditioning
from engine.models.running.rows import Rows
from engine.solvers.contract import SolverTable

Item = TypeVar("Item", bound=Hashable)


class Started(Protocol):
    """The step from which a frame goes on, its latent x and the x0 of the step before
    [C, h, w]."""

    @property
    def step(self) -> int: ...

    @property
    def x(self) -> torch.Tensor: ...

    @property
    def previous(self) -> torch.Tensor: ...


class Denoiser(Protocol):
    """The interface of a model for the sampler. States have one row for each timestep or text."""

    device: torch.device

    def time_state(self, timesteps: torch.Tensor, guidance: float) -> torch.Tensor: ...

    def text_state(self, texts: Sequence[Conditioning]) -> Rows: ...

    def denoise(self, sample: torch.Tensor, times: torch.Tensor, texts: Rows) -> torch.Tensor: ...


#: The guided prediction from (conditional, unconditional, strength).
Combine = Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]


def classifier_free(
    conditional: torch.Tensor, unconditional: torch.Tensor, scale: float
) -> torch.Tensor:
    """Returns u + g (c − u). Ho & Salimans 2022, arXiv 2207.12598."""
    return unconditional + scale * (conditional - unconditional)


@dataclass(frozen=True, slots=True)
class Guidance:
    """Classifier-free guidance with the strength `scale` between two shares of the steps.

    It needs the unconditional prediction above the strength `above`. `combine` computes the guided
    prediction [n, C, h, w] from the conditional and unconditional one.
    """

    scale: float
    start: float = 0.0
    stop: float = 1.0
    above: float = 1.0
    combine: Combine = field(default=classifier_free, compare=False, repr=False)

    def __call__(self, conditional: torch.Tensor, unconditional: torch.Tensor) -> torch.Tensor:
        """Return the guided prediction."""
        return self.combine(conditional, unconditional, self.scale)

    def mask(self, steps: int) -> npt.NDArray[np.bool_]:
        """Return for each step whether it needs the unconditional prediction: [steps]."""
        at = np.arange(steps) / steps
        return (self.scale > self.above) & (at >= self.start) & (at < self.stop)


@dataclass(slots=True)
class _Slot(Generic[Item]):
    item: Item
    step: int = 0


class Sampler(Generic[Item]):
    """Slots 0…n−1 are occupied. When a slot is freed, the last one moves into it.

    Latents are float32 on the model's device; the UNet may use another precision. The states of the
    timesteps are computed once for the run, those of a frame's texts when it is admitted. `text` is
    any text of the model; all have the same shapes.
    """

    def __init__(
        self,
        model: Denoiser,
        table: SolverTable,
        guidance: Guidance,
        slots: int,
        shape: tuple[int, int, int],
        text: Conditioning,
    ) -> None:
        self._model, self._table, self._guidance = model, table, guidance
        self.capacity = slots
        self._slots: list[_Slot[Item]] = []
        device = model.device
        self._rows = torch.from_numpy(table.rows()).to(device)
        timesteps = torch.from_numpy(table.timesteps.astype(np.float32))
        self._times = model.time_state(timesteps, guidance.scale)
        self._guided = guidance.mask(table.steps)
        self._x = torch.zeros((slots, *shape), device=device)
        self._previous = torch.zeros((slots, *shape), device=device)
        self._x0 = torch.zeros((slots, *shape), device=device)
        # The negative text of slot k is row 2k, the positive one is row 2k + 1.
        self._texts = model.text_state([text]).zeros(2 * slots)

    @property
    def steps(self) -> int:
        return self._table.steps

    @property
    def items(self) -> tuple[Item, ...]:
        """The frames in work."""
        return tuple(slot.item for slot in self._slots)

    @property
    def free(self) -> int:
        return self.capacity - len(self._slots)

    @property
    def furthest(self) -> int:
        """The number of steps of the furthest frame."""
        return max((slot.step for slot in self._slots), default=0)

    @property
    def lead(self) -> int:
        """The steps of the furthest frame, which decide when the next frame may start."""
        return self.furthest

    def admit(
        self,
        item: Item,
        latent: Array32,
        positive: Conditioning,
        negative: Conditioning,
        started: Started | None = None,
    ) -> None:
        """Give a frame a slot. `latent` [C, h, w] has unit variance. A frame that is `started`
        goes on from there."""
        k = len(self._slots)
        if k >= self.capacity:
            raise RuntimeError("every slot is occupied")
        if started is None:
            self._slots.append(_Slot(item))
            self._x[k].copy_(torch.from_numpy(latent * np.float32(self._table.initial_scale)))
            self._previous[k].zero_()
        else:
            self._slots.append(_Slot(item, started.step))
            self._x[k], self._previous[k] = started.x, started.previous
            self._x0[k] = started.previous
        self._texts[2 * k : 2 * k + 2] = self._model.text_state((negative, positive))

    @torch.inference_mode()
    def tick(self) -> list[tuple[Item, torch.Tensor]]:
        """Make one step of every frame in work. Returns finished frames with z_0 [C, h, w]."""
        n = len(self._slots)
        if not n:
            return []
        steps = [slot.step for slot in self._slots]
        index = torch.tensor(steps, device=self._x.device)
        scale, a, b, p, q, r = self._rows[index].T.reshape(6, n, 1, 1, 1)
        x = self._x[:n]
        output = self._predict(x * scale, index, [bool(self._guided[step]) for step in steps])
        x0 = a * x + b * output
        following = p * x + q * x0 + r * self._previous[:n]
        self._x[:n], self._previous[:n], self._x0[:n] = following, x0, x0
        for slot in self._slots:
            slot.step += 1
        return self._take_finished()

    def at_step(self, step: int) -> list[tuple[Item, torch.Tensor, torch.Tensor]]:
        """Return each frame that has made so many steps, its latent, and the x0 of the last."""
        slots = enumerate(self._slots)
        return [(s.item, self._x[k], self._previous[k]) for k, s in slots if s.step == step]

    def estimates(self) -> list[tuple[Item, int, torch.Tensor]]:
        """Return each frame in work, its step, and the x0 [C, h, w] that its last step
        predicted."""
        return [(s.item, s.step, self._x0[k]) for k, s in enumerate(self._slots) if s.step]

    def _predict(
        self, sample: torch.Tensor, steps: torch.Tensor, guided: list[bool]
    ) -> torch.Tensor:
        """Return the guided prediction [n, C, h, w]. A frame without guidance needs one row."""
        n = len(guided)
        if not any(guided):
            return self._call(sample, steps, self._texts[1 : 2 * n : 2])
        if all(guided):
            rows = self._call(_twice(sample), _twice(steps), self._texts[: 2 * n])
            return self._guidance(rows[1::2], rows[0::2])
        pick = [
            row for k in range(n) for row in ((2 * k, 2 * k + 1) if guided[k] else (2 * k + 1,))
        ]
        at = torch.tensor(pick, device=sample.device)
        rows = sample.new_zeros((2 * n, *sample.shape[1:]))
        rows[at] = self._call(sample[at // 2], steps[at // 2], self._texts[at])
        output, some = rows[1::2], torch.tensor(guided, device=sample.device)
        output[some] = self._guidance(output[some], rows[0::2][some])
        return output

    def _call(self, sample: torch.Tensor, steps: torch.Tensor, texts: Rows) -> torch.Tensor:
        return self._model.denoise(sample, self._times[steps], texts).float()

    def _take_finished(self) -> list[tuple[Item, torch.Tensor]]:
        done: list[tuple[Item, torch.Tensor]] = []
        for k in reversed(range(len(self._slots))):
            if self._slots[k].step >= self.steps:
                done.append((self._slots[k].item, self._x[k].clone()))
                self._vacate(k)
        done.reverse()
        return done

    def _vacate(self, k: int) -> None:
        """Free slot k by moving the last occupied slot into it."""
        last = len(self._slots) - 1
        if k != last:
            self._slots[k] = self._slots[last]
            for tensor in (self._x, self._previous, self._x0):
                tensor[k].copy_(tensor[last])
            self._texts[2 * k : 2 * k + 2] = self._texts[2 * last : 2 * last + 2]
        self._slots.pop()


def _twice(rows: torch.Tensor) -> torch.Tensor:
    """Repeats each row twice."""
    return rows.repeat_interleave(2, dim=0)
