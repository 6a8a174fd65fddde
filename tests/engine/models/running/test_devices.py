"""Devices, precisions and memory errors."""

from __future__ import annotations

import errno

import pytest
import torch

from engine.errors import InputError
from engine.models.running.devices import (
    available_devices,
    choose_batch,
    choose_device,
    choose_dtype,
    require_working,
    self_check,
    use_threads,
)
from engine.models.running.memory import is_out_of_memory, release_memory

CPU = torch.device("cpu")


def test_the_best_device_is_chosen() -> None:
    assert available_devices()[-1] == "cpu"
    assert str(choose_device()) == available_devices()[0]
    assert choose_device("cpu") == CPU
    with pytest.raises(InputError, match="no device 'tpu'"):
        choose_device("tpu")


@pytest.mark.parametrize(
    ("device", "asked", "dtype"),
    [
        ("cpu", "", torch.float32),
        ("cuda", "", torch.float16),
        ("mps", "", torch.float16),
        ("cpu", "bf16", torch.bfloat16),
        ("cuda", "float32", torch.float32),
    ],
)
def test_precision_by_device(device: str, asked: str, dtype: torch.dtype) -> None:
    assert choose_dtype(torch.device(device), asked) == dtype


def test_small_pictures_share_a_batch_on_the_cpu() -> None:
    small, large = 4_000_000, 860_000_000  # the starter's UNet, and Stable Diffusion's
    assert choose_batch(CPU, 16, small) > choose_batch(CPU, 64, small) == 1
    assert choose_batch(CPU, 16, large) == choose_batch(CPU, 32, large) == 1


def test_a_device_that_computes_passes_and_one_that_is_missing_is_named() -> None:  # R33
    assert self_check(CPU, torch.float32) == ""
    assert self_check(CPU, torch.bfloat16) == ""
    assert "cannot compute" in self_check(torch.device("meta"), torch.float32)


def test_a_precision_that_the_device_lacks_is_said_with_a_way_out() -> None:
    require_working(CPU, torch.float16)
    with pytest.raises(InputError, match=r"cpu in float8_e4m3fn cannot compute.*choose another"):
        require_working(CPU, torch.float8_e4m3fn)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        RuntimeError("cuDNN error: CUDNN_STATUS_NOT_SUPPORTED. This error may appear if …"),
        RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR"),
        RuntimeError("CUDA driver error: 2"),
        RuntimeError("NVML_SUCCESS == r INTERNAL ASSERT FAILED at CUDACachingAllocator.cpp"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"),
        RuntimeError("Invalid buffer size: 12.00 GB"),
        RuntimeError("GET was unable to find an engine to execute this computation"),
        RuntimeError("hipErrorOutOfMemory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(h)`"),
        RuntimeError("Insufficient Memory (kIOGPUCommandBufferCallbackErrorOutOfMemory)"),
        RuntimeError("level_zero backend failed: 39 (UR_RESULT_ERROR_OUT_OF_DEVICE_MEMORY)"),
        RuntimeError("Native API returns: -5 (PI_ERROR_OUT_OF_RESOURCES)"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("could not create a memory object"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        MemoryError(),
    ],
)
def test_running_out_of_memory_is_recognised(error: BaseException) -> None:  # R21
    assert is_out_of_memory(error)


def test_other_errors_are_not_memory() -> None:
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(ValueError("out of memory"))
    assert not is_out_of_memory(RuntimeError("CUDA driver error: 201"))
    assert not is_out_of_memory(RuntimeError("CUBLAS_STATUS_NOT_INITIALIZED in cublasSgemm"))
    assert not is_out_of_memory(OSError(errno.ENOSPC, "No space left on device"))


def test_a_lost_device_takes_no_memory_back_and_nobody_minds(  # R25
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def lost() -> None:
        asked.append(True)
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(torch.cuda, "empty_cache", lost)
    release_memory(torch.device("cuda"))
    assert asked


def test_threads_are_no_more_than_the_cores_that_are_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = torch.get_num_threads()
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0}, raising=False)
    try:
        assert use_threads() == 1
    finally:
        torch.set_num_threads(before)
