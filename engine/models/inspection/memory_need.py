"""Estimates the memory of a model's weights before it is opened. Imports no large library."""

from __future__ import annotations

from dataclasses import dataclass

from engine.models.families.contract import families
from engine.models.inspection.report import ModelReport
from engine.models.inspection.safetensors_header import read_header
from engine.models.inspection.weight_counts import count_weights

#: The memory of a step beside the weights, as a share of them; it depends on the picture's size.
_WORK = 1.2


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """Bytes for a model with all parts opened, and with text encoders freed before the denoiser.

    `apart` is the larger of the text encoders and the rest. Weights, and a fifth for the work.
    """

    together: int
    apart: int

    def fits(self, free: int) -> bool:
        """True if all parts fit into the free memory together."""
        return self.together <= free

    def fits_apart(self, free: int) -> bool:
        """True if the parts fit one after the other."""
        return self.apart <= free


def memory_need(report: ModelReport, half: bool, weight_bits: int = 0) -> MemoryNeed:
    """Returns the need of a checked model. `half` is half precision, two bytes for each weight.

    `weight_bits` are those of weights of linear layers, 8 or 4; 0 for the precision. A single file
    counts as one part.
    """
    size, bits = 2 if half else 4, bits_of(report, weight_bits)
    if not report.parts:
        whole = int(_bytes_of_file(report, half, bits) * _WORK)
        return MemoryNeed(whole, whole)
    encoders = rest = 0
    for part in report.parts:
        fewer = 0 if part.name == "vae" else bits
        if part.name.startswith("text_encoder"):
            encoders += part.counts.bytes(size, fewer)
        else:
            rest += part.counts.bytes(size, fewer)
    return MemoryNeed(int((encoders + rest) * _WORK), int(max(encoders, rest) * _WORK))


def bits_of(report: ModelReport, weight_bits: int) -> int:
    """The bits that weights of a checked model have if so many are asked for; 0: its precision."""
    return weight_bits if report.family and families.get(report.family).low_bits else 0


def _bytes_of_file(report: ModelReport, half: bool, bits: int) -> int:
    if not bits:
        return report.bytes * (1 if half else 2)
    return count_weights(read_header(report.path).shapes).bytes(2 if half else 4, bits)


def memory_sentence(
    report: ModelReport, half: bool, free: int | None = None, weight_bits: int = 0
) -> str:
    """Describes the need of a model, and whether it fits into so many free bytes, if known."""
    need, precision = memory_need(report, half, weight_bits), "half" if half else "single"
    bits = bits_of(report, weight_bits)
    fewer = f" and {bits}-bit weights" if bits else ""
    start = f"Needs about {_size(need.together)} of memory in {precision} precision{fewer}"
    if free is None:
        apart = f", {_size(need.apart)} with its parts one after the other"
        return f"{start}{apart if need.apart < need.together else ''}."
    if need.fits(free):
        return f"{start}; {_size(free)} are free."
    if need.fits_apart(free):
        return (
            f"{start}; {_size(free)} are free: its text encoders are opened and freed before the "
            "rest."
        )
    return (
        f"{start}, {_size(need.apart)} with its parts one after the other; only {_size(free)} are "
        "free: the model is too large."
    )


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.0f} MB"
