"""Chooses a model's device, precision and slots, and checks that the device computes correctly."""

from __future__ import annotations

import os

import psutil
import torch

from engine.errors import InputError

_PRECISIONS = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
#: A CPU is busy enough with one frame at a time from so many weights times latent pixels on.
_LARGE_STEP = 1e10
_SHORT = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}


def available_devices() -> tuple[str, ...]:
    """The devices of this machine, the best one first."""
    found = [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def choose_device(name: str = "") -> torch.device:
    """The device called `name`, or the best there is. Raises InputError where it is not there."""
    devices = available_devices()
    wanted = {"": devices[0], "cuda": "cuda:0"}.get(name, name)
    if wanted not in devices:
        raise InputError(
            f"There is no device {name!r} on this machine; there is: {', '.join(devices)}."
        )
    return torch.device(wanted)


def choose_dtype(device: torch.device, precision: str = "") -> torch.dtype:
    """The precision asked for, or half on a GPU and single on a CPU, whose halves are slow.

    This half is float16: Stable Diffusion's values fit its range, and it has three bits more than
    bfloat16. Families whose values do not fit name bfloat16 (`Family.half`). Raises InputError for
    an unknown name.
    """
    if precision:
        name = _SHORT.get(precision, precision)
        if name not in _PRECISIONS:
            listing = ", ".join(_SHORT)
            raise InputError(f"There is no precision {precision!r}; there is: {listing}.")
        return _PRECISIONS[name]
    return torch.float32 if device.type == "cpu" else torch.float16


def uses_half(device: str = "", precision: str = "") -> bool:
    """True if a model would be opened in half precision. Raises InputError as `choose_device`."""
    return choose_dtype(choose_device(device), precision) != torch.float32


def is_large_step(weights: int, latent_size: int) -> bool:
    """True if a step of one frame keeps a CPU busy: latents [C, latent_size, latent_size] in a
    denoiser of so many weights."""
    return weights * latent_size**2 >= _LARGE_STEP


def choose_batch(device: torch.device, latent_size: int, weights: int) -> int:
    """Slots that make good use of the device, for latents [C, latent_size, latent_size] and a UNet
    of so many weights."""
    if device.type == "cpu":
        return 1 if is_large_step(weights, latent_size) else 8
    free = free_memory(device)
    # An estimate for the SD 1.x UNet with guidance at 64×64 latents, on the safe side. Where it is
    # wrong, the engine halves the batch when memory runs out.
    slot = 0.4 * 2**30 * (latent_size / 64) ** 2
    largest = int(free * 0.5 / slot)
    return max(1, min(16 if device.type == "cuda" else 4, largest))


def free_memory(device: torch.device) -> int:
    """Bytes that can still be allocated on the device."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)


def use_threads() -> int:
    """Let torch use the physical cores that are this program's, unless OMP_NUM_THREADS says
    otherwise."""
    if "OMP_NUM_THREADS" not in os.environ:
        cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
        allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
        torch.set_num_threads(min(cores, allowed))
    return torch.get_num_threads()


def require_working(device: torch.device, dtype: torch.dtype) -> None:
    """Raises InputError, one sentence, where the device cannot compute in this precision."""
    fault = self_check(device, dtype)
    if fault:
        raise InputError(f"{fault}; choose another precision or device.")


def self_check(device: torch.device, dtype: torch.dtype) -> str:
    """A small product and convolution, computed there and in float32 on the CPU: "" where both
    agree, else what not.

    Drivers that do not fit, precisions that are not there, and devices that were lost show here,
    and not in the middle of a walk.
    """
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(64, 64, generator=generator) for _ in range(2))
    name = f"{device} in {str(dtype).removeprefix('torch.')}"
    try:
        found = _sample(left.to(device, dtype), right.to(device, dtype)).float().cpu()
    except (RuntimeError, TypeError) as error:  # the latter for types that a backend has not
        return f"{name} cannot compute ({str(error).splitlines()[0]})"
    off = float((found - _sample(left, right)).abs().max())
    return "" if off < 0.5 else f"{name} computes wrongly (off by {off:.3g})"


def _sample(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Computes a small example of a UNet's operations [64, 64]."""
    kernel = right[:3, :3].expand(1, 1, 3, 3)
    return left @ right + torch.conv2d(left[None, None], kernel, padding=1)[0, 0]
