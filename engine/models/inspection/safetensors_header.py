"""Reads the list of tensors in the header of a safetensors file. Does not read the weights."""

from __future__ import annotations

import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Annotated

import msgspec

from engine.errors import ModelError

#: A header of Stable Diffusion has 150 KB. One of the largest models in one file has 400 KB. The
#: format allows 100 MB, which would need a gigabyte of memory to read.
_LARGEST_HEADER = 8 << 20
_METADATA = "__metadata__"
_BITS = {"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "BOOL": 8}
_BITS |= {f"{kind}{bits}": bits for kind in "IU" for bits in (8, 16, 32, 64)}


_Size = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Entry(msgspec.Struct, frozen=True):
    """The description of one tensor. Its numbers are bounded, so that their products are fast."""

    dtype: str
    shape: Annotated[tuple[_Size, ...], msgspec.Meta(max_length=16)]
    data_offsets: tuple[_Size, _Size]


@dataclass(frozen=True, slots=True)
class TensorPlace:
    """Type, shape and byte range of a tensor. `begin` is the offset from the start of the file."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    bytes: int


@dataclass(frozen=True, slots=True)
class WeightsHeader:
    """Names and positions of the tensors in a file, its metadata, and its size."""

    tensors: dict[str, TensorPlace] = field(repr=False)
    metadata: dict[str, str] = field(repr=False)
    bytes: int

    @property
    def shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """The names and shapes of all tensors."""
        return ((name, place.shape) for name, place in self.tensors.items())

    def channels_into(self, layer: str) -> int | None:
        """Returns the input channels of a convolution from its weight [out, in, …].

        Returns None without such a layer, and 0 if the weight has another form.
        """
        tensor = self.tensors.get(layer)
        return None if tensor is None else tensor.shape[1] if len(tensor.shape) > 1 else 0


def read_header(file: Path) -> WeightsHeader:
    """Reads the header of `file` and checks that it describes exactly the bytes after it.

    Raises ModelError with one sentence that names the kind of damage.
    """
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):  # reading from a pipe or a device may never end
            raise ModelError(f"{file} is no file; fetch the model again.")
        size = found.st_size
        with file.open("rb") as stream:
            start = stream.read(8)
            length = _header_length(file, start, stream.peek(64)[:64], size)
            text = stream.read(length)
    except OSError as error:
        raise ModelError(f"{file} cannot be read ({error.strerror}).") from error
    metadata, entries = _parsed(file, text)
    return WeightsHeader(_checked(file, entries, 8 + length, size), metadata, size)


def _parsed(file: Path, text: bytes) -> tuple[dict[str, str], dict[str, _Entry]]:
    """Reads the file's metadata and the description of each tensor."""
    try:
        raw = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError) as error:
        raise _damaged(file, "its header is no JSON object") from error
    metadata: dict[str, str] = {}
    entries: dict[str, _Entry] = {}
    for name, content in raw.items():
        try:
            if name == _METADATA:
                metadata = msgspec.json.decode(content, type=dict[str, str])
            else:
                entries[name] = msgspec.json.decode(content, type=_Entry)
        except (ValueError, RecursionError) as error:
            raise _damaged(file, f"the entry of {name[:100]!r} is malformed") from error
    return metadata, entries


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


def _checked(
    file: Path, entries: dict[str, _Entry], start: int, size: int
) -> dict[str, TensorPlace]:
    places, spans = {}, []
    for name, entry in entries.items():
        begin, end = entry.data_offsets
        bits = _BITS.get(entry.dtype)
        if bits is not None and (end - begin) * 8 != prod(entry.shape) * bits:
            raise _damaged(file, f"the size of {name[:100]!r} is not that of its shape")
        places[name] = TensorPlace(entry.dtype, entry.shape, start + begin, end - begin)
        spans.append((begin, end))
    _check_spans(file, sorted(spans), size - start)
    return places


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
