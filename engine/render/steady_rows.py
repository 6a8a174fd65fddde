"""Measures the number of rows from which a model's results do not depend on the number of rows.

Libraries use other kernels for very small batches, and these round differently. On some processors,
one row alone differs from the same row in a batch by about 1e-6, which can change a pixel by one
level. The position of a row in a batch makes no difference. Some rows come out the same by chance.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from engine.conditioning import Conditioning
from engine.models.running.memory import release_memory, within_memory
from engine.models.running.rows import Rows
from engine.render.sampling.sampler import Denoiser

#: Sizes of batches that are compared with the largest one, in descending order.
_COUNTS = (12, 8, 6, 5, 4, 3, 2, 1)
_REFERENCE = 24
#: Most batches of each size. Of pairs of rows, three in four were equal by chance on one processor.
_MOST_BATCHES = 6
#: Limit in seconds of processor time. Elapsed time would depend on what else the machine does, and
#: with it the result.
_BATCH_TIMEOUT_S = 4.0


def measure_steady_rows(
    model: Denoiser,
    shape: tuple[int, int, int],
    text: Conditioning,
    check: Callable[[], None] = lambda: None,
) -> int:
    """Measures the least number of rows with the same bits as in larger batches; 0 for unknown.

    `shape` [C, h, w] is that of the latents, `text` any text of the model. It calls the model with
    several batches of each size; four seconds of processor time after the first call it begins with
    no other size. `check` is called before each and may raise an exception.
    """
    began, least = time.process_time(), 0
    sample, times, texts = _rows(model, shape, text)
    check()
    expected = within_memory(lambda: model.denoise(sample, times, texts))
    if expected is None:
        release_memory(model.device)
        return 0
    for count in _COUNTS:
        check()
        if time.process_time() - began > _BATCH_TIMEOUT_S:
            break
        for first in range(0, _REFERENCE - count + 1, count)[:_MOST_BATCHES]:
            rows = slice(first, first + count)
            found = model.denoise(sample[rows], times[rows], texts[rows])
            if not torch.equal(found, expected[rows]):
                return least
        least = count
    return least


def _rows(
    model: Denoiser, shape: tuple[int, int, int], text: Conditioning
) -> tuple[torch.Tensor, torch.Tensor, Rows]:
    """Returns random samples and the states of timesteps and text for the largest batch."""
    generator = torch.Generator().manual_seed(0)
    sample = torch.randn((_REFERENCE, *shape), generator=generator).to(model.device)
    times = model.time_state(torch.linspace(1, 999, _REFERENCE), 1.0)
    return sample, times, model.text_state([text] * _REFERENCE)
