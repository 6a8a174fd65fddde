"""The number of rows from which on a model's results do not depend on how many rows there are.

Libraries choose other kernels for very small batches, and those round otherwise. On some processors
one row alone differs from the same row among others by about 1e-6, enough to change a pixel by one
level. The position of a row in a batch makes no difference.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from engine.conditioning import Conditioning
from engine.models.running.memory import release_memory, within_memory
from engine.models.running.rows import Rows
from engine.render.sampler import Denoiser

#: Sizes of batches that are compared with a larger one, from the largest to the smallest.
_COUNTS = (12, 8, 6, 5, 4, 3, 2, 1)
_REFERENCE = 24
_BATCH_TIMEOUT_S = 2.0


def measure_steady_rows(
    model: Denoiser,
    shape: tuple[int, int, int],
    text: Conditioning,
    check: Callable[[], None] = lambda: None,
) -> int:
    """The least number of rows that are computed bit for bit as in larger batches; 0 for unknown.

    For latents of `shape` [C, h, w] and any text of the model; one call of it for each of a few
    sizes, for two seconds at most. `check` is called before each and may raise.
    """
    began, least = time.monotonic(), 0
    sample, times, texts = _rows(model, shape, text)
    check()
    expected = within_memory(lambda: model.denoise(sample, times, texts))
    if expected is None:
        release_memory(model.device)
        return 0
    for count in _COUNTS:
        check()
        if time.monotonic() - began > _BATCH_TIMEOUT_S:
            break
        found = model.denoise(sample[:count], times[:count], texts[:count])
        if not torch.equal(found, expected[:count]):
            break
        least = count
    return least


def _rows(
    model: Denoiser, shape: tuple[int, int, int], text: Conditioning
) -> tuple[torch.Tensor, torch.Tensor, Rows]:
    """Random samples, and the states of timesteps and of the text, for the largest batch."""
    generator = torch.Generator().manual_seed(0)
    sample = torch.randn((_REFERENCE, *shape), generator=generator).to(model.device)
    times = model.time_state(torch.linspace(1, 999, _REFERENCE))
    return sample, times, model.text_state([text] * _REFERENCE)
