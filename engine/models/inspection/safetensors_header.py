"""The header of a safetensors file: what tensors it holds, read without touching the weights."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from engine.errors import ModelError

#: The format's own limit; a real header of Stable Diffusion takes 150 KB.
_LARGEST_HEADER = 100_000_000
_BITS = {"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "BOOL": 8}
_BITS |= {f"{kind}{bits}": bits for kind in "IU" for bits in (8, 16, 32, 64)}


@dataclass(frozen=True, slots=True)
class WeightsHeader:
    """Names and shapes of the tensors of a file, what it says of itself, and its size."""

    shapes: dict[str, tuple[int, ...]] = field(repr=False)
    metadata: dict[str, str] = field(repr=False)
    bytes: int

    def channels_into(self, layer: str) -> int | None:
        """How many a convolution takes, by its weight [out, in, …]; None where it is not there, 0
        where it is of another form."""
        shape = self.shapes.get(layer)
        return None if shape is None else shape[1] if len(shape) > 1 else 0


def read_header(file: Path) -> WeightsHeader:
    """The header of `file`, checked to describe exactly the bytes that follow it.

    Raises ModelError, one sentence that names the kind of damage.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            start = stream.read(8)
            length = _header_length(file, start, stream.peek(64)[:64], size)
            header = json.loads(stream.read(length))
    except OSError as error:
        raise ModelError(f"{file} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise _damaged(file, "its header is no JSON") from error
    if not isinstance(header, dict):
        raise _damaged(file, "its header is no JSON object")
    metadata = header.pop("__metadata__", None)
    shapes = _checked(file, header, size - 8 - length)
    return WeightsHeader(shapes, metadata if isinstance(metadata, dict) else {}, size)


def _header_length(file: Path, start: bytes, more: bytes, size: int) -> int:
    beginning = (start + more).lstrip().lower()
    if beginning.startswith(b"version https://git-lfs"):
        raise ModelError(
            f"{file} is only a Git LFS pointer, not the weights; run `git lfs pull` in its folder."
        )
    if beginning.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise ModelError(f"{file} is a web page saved under this name; download the file itself.")
    if beginning.startswith((b"pk\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04")):
        raise ModelError(
            f"{file} is a pickle, which could run any code, under the name of a safetensors file; "
            "it was not opened: get the model as safetensors."
        )
    if len(start) < 8:
        raise _damaged(file, "it is cut short")
    length = int(struct.unpack("<Q", start)[0])
    if length > _LARGEST_HEADER:
        raise _damaged(file, f"it claims a header of {length:,} bytes")
    if length > size - 8:
        raise _damaged(file, "it is cut short within its header")
    return length


def _checked(file: Path, header: dict[str, Any], available: int) -> dict[str, tuple[int, ...]]:
    shapes, spans = {}, []
    for name, entry in header.items():
        try:
            shape = tuple(int(n) for n in entry["shape"])
            begin, end = (int(n) for n in entry["data_offsets"])
            bits = _BITS.get(entry["dtype"])
        except (TypeError, KeyError, ValueError) as error:
            raise _damaged(file, f"the entry of {name!r} is malformed") from error
        if bits is not None and (end - begin) * 8 != prod(shape) * bits:
            raise _damaged(file, f"the size of {name!r} is not that of its shape")
        shapes[name] = shape
        spans.append((begin, end))
    _check_spans(file, sorted(spans), available)
    return shapes


def _check_spans(file: Path, spans: list[tuple[int, int]], available: int) -> None:
    position = 0
    for begin, end in spans:
        if begin != position or end < begin:
            raise _damaged(file, "its tensors overlap or leave gaps")
        position = end
    if position > available:
        raise _damaged(file, f"it is cut short by {position - available:,} bytes")
    if position < available:
        raise _damaged(file, f"{available - position:,} bytes follow its last tensor")


def _damaged(file: Path, why: str) -> ModelError:
    return ModelError(f"{file} is damaged: {why}; download it again.")
