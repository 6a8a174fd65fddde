"""The machine's peak, and the work of a frame."""

from __future__ import annotations

import platform
import time
from datetime import date
from pathlib import Path
from typing import Any

import psutil
import torch

from engine.models.running.devices import choose_device, choose_dtype, use_threads
from tests.benchmarks.workloads import Workload

_SIDE = {"cpu": 2048, "cuda": 8192}


def describe_machine(workload: Workload) -> dict[str, Any]:
    """Hardware and software, the peak of large matrix products, and operations a frame."""
    device = choose_device(workload.device)
    dtype = choose_dtype(device, workload.precision)
    threads = use_threads()
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else processor_name()
    return {
        "device": name,
        "kind": device.type,
        "date": date.today().isoformat(),
        "threads": threads,
        "precision": str(dtype).removeprefix("torch."),
        "torch": torch.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "busy": psutil.cpu_percent(interval=1.0) / 100,
        "peak_flops": matmul_peak(device, dtype),
        "frame_flop": frame_operations(workload),
    }


def matmul_peak(device: torch.device, dtype: torch.dtype) -> float:
    """Operations a second of a large matrix product: the best of ten."""
    side = _SIDE.get(device.type, 2048)
    left, right = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    best = float("inf")
    for _ in range(10):
        began = time.perf_counter()
        float((left @ right)[0, 0])  # reading one number waits for the device
        best = min(best, time.perf_counter() - began)
    return 2.0 * side**3 / best


def frame_operations(workload: Workload) -> float:
    """Floating-point operations of one frame with guidance, as diffusers computes it."""
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from torch.utils.flop_counter import FlopCounterMode

    s, folder = workload.sampling, workload.folder
    latent = torch.empty(1, *workload.shape, device="meta")
    with torch.device("meta"):
        unet = UNet2DConditionModel.from_config(f"{folder}/unet/config.json")
        vae = AutoencoderKL.from_config(f"{folder}/vae/config.json")
    width = unet.config.cross_attention_dim
    text = torch.empty(1, 77, width, device="meta")
    with torch.no_grad(), FlopCounterMode(display=False) as step:
        unet(latent, torch.zeros(1, device="meta"), text)
    with torch.no_grad(), FlopCounterMode(display=False) as picture:
        vae.decode(latent)
    rows = 2 if s.guidance > 1 else 1
    return float(step.get_total_flops() * rows * s.steps + picture.get_total_flops())


def processor_name() -> str:
    """The processor's name and its number of cores."""
    info = Path("/proc/cpuinfo")
    names = (
        [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "name" in line]
        if info.is_file()
        else []
    )
    return f"{names[0] if names else platform.processor()}, {psutil.cpu_count()} cores"
