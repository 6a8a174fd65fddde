"""Reads the tensors of a safetensors file without mapping it into memory.

If another program truncates a mapped file, the process crashes (SIGBUS). If the file is read, an
error can be reported.
"""

from __future__ import annotations

from collections.abc import Callable
from io import RawIOBase
from math import prod
from pathlib import Path

import torch

from engine.errors import ModelError
from engine.models.inspection.safetensors_header import TensorPlace, read_header
from engine.models.networks.build import State

_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


def read_weights(
    file: Path, dtype: torch.dtype, is_needed: Callable[[str], bool] = lambda _: True
) -> State:
    """The tensors of a safetensors file, floating point ones as `dtype`.

    Raises ModelError where the file cannot be read as one, or changes while it is read.
    """
    places = {name: p for name, p in read_header(file).tensors.items() if is_needed(name)}
    state: State = {}
    try:
        with file.open("rb", buffering=0) as stream:
            for name, place in sorted(places.items(), key=lambda item: item[1].begin):
                tensor = _read_tensor(file, stream, name, place)
                state[name] = tensor.to(dtype) if tensor.is_floating_point() else tensor
    except OSError as error:
        raise ModelError(f"{file} cannot be read ({error.strerror}).") from error
    return state


def _read_tensor(file: Path, stream: RawIOBase, name: str, place: TensorPlace) -> torch.Tensor:
    dtype = _DTYPES.get(place.dtype)
    if dtype is None:
        raise ModelError(
            f"The tensor {name[:100]!r} in {file} is of the type {place.dtype[:20]!r}, which this "
            "program does not know; get the model in half precision."
        )
    tensor = torch.empty(prod(place.shape), dtype=dtype)
    buffer = memoryview(tensor.view(torch.uint8).numpy())  # type: ignore[arg-type]
    stream.seek(place.begin)
    done = 0
    while done < place.bytes:
        count = stream.readinto(buffer[done:])
        if not count:
            raise ModelError(f"{file} was cut short while it was read; download it again.")
        done += count
    return tensor.reshape(place.shape)
