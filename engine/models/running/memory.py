"""Recognises errors of too little memory, and frees memory."""

from __future__ import annotations

import contextlib
import errno
import gc
import re
from collections.abc import Callable
from typing import TypeVar

import torch

Made = TypeVar("Made")

#: The words of torch, its allocators and its backends; only some raise OutOfMemoryError.
_SPELLINGS = re.compile(
    # Words, or a code such as OUT_OF_DEVICE_MEMORY (oneAPI), OutOfMemory (Metal, HIP):
    r"out[ _]?of[ _]?(?:(?:device|host)_)?memory|out_of_resources|insufficient memory"
    r"|not enough memory|can't allocate memory|cannot allocate memory"
    r"|alloc_failed|failed to allocate|could not allocate memory|invalid buffer size"
    r"|bad_alloc|bad allocation|could not create a memory object"  # C++, oneDNN
    r"|failed to create metal buffer|cudaerrormemoryallocation"
    r"|cublas_status_not_initialized.*cublascreate"  # of a handle for which no memory was left
    r"|cuda driver error: 2\b"  # CUDA_ERROR_OUT_OF_MEMORY
    r"|nvml_success"  # an assertion of torch's allocator, which fails where memory ends
    # cuDNN, which found no room to work in:
    r"|unable to find an engine|cudnn_status_not_supported|cudnn_status_internal_error"
)


def is_out_of_memory(error: BaseException) -> bool:
    """True if an error means that a device or the machine has no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError) and bool(_SPELLINGS.search(str(error).lower()))


def within_memory(work: Callable[[], Made]) -> Made | None:
    """Returns the result of `work`; None if memory ran out. The error is dropped, which frees what
    it refers to."""
    try:
        return work()
    except (RuntimeError, MemoryError, OSError) as error:
        if not is_out_of_memory(error):
            raise
    return None


def device_memory(device: torch.device) -> int:
    """Returns the bytes of the device's memory that this program uses; 0 for the CPU."""
    if device.type == "cuda":
        return int(torch.cuda.memory_reserved(device))
    return int(torch.mps.driver_allocated_memory()) if device.type == "mps" else 0


def release_memory(device: torch.device) -> None:
    """Collects garbage, and returns cached memory to the device."""
    gc.collect()
    with contextlib.suppress(RuntimeError):  # a device that is lost takes nothing back
        if device.type == "cuda":
            torch.cuda.empty_cache()
        elif device.type == "mps":
            torch.mps.empty_cache()
