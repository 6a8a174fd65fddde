"""One step and one picture of a large model at its full size: what a whole frame is made of.

Where a frame takes minutes, its parts still tell how much of it is no denoising.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from engine.models.load import open_model
from tests.benchmarks.clock import timed
from tests.benchmarks.workloads import PROMPT, Workload

_TIMES = 3


def run_parts(workload: Workload, out: Path, side: int) -> dict[str, Any]:
    """Seconds of a guided step of one frame of `side`² pixels, and of decoding its picture."""
    model = open_model(workload.folder, workload.device, workload.precision)
    latent = torch.randn(1, model.latent_channels, *(2 * [side // model.downscale]))
    rows = latent.expand(2, -1, -1, -1)
    times = model.time_state(torch.full((2,), 500.0))
    texts = model.text_state(model.encode(["", PROMPT]))
    steps = [timed(lambda: model.denoise(rows, times, texts))[0] for _ in range(_TIMES)]
    pictures = [timed(lambda: model.decode(latent))[0] for _ in range(_TIMES)]
    return {"side": side, "step_s": steps, "decode_s": pictures}
