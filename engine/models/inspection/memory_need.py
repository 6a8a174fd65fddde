"""Estimates the memory of a model's weights before it is opened. Imports no large library."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from engine.models.families.contract import families
from engine.models.inspection.report import ModelReport

#: The memory of a step beside the weights, as a share of them; it depends on the picture's size.
_WORK = 1.2


class Fit(Enum):
    """The way in which a model fits into a device's memory: the first that is possible."""

    WHOLE = auto()
    #: Text encoders are opened, encode the prompts, and are freed before the denoiser is opened.
    APART = auto()
    #: As APART; the blocks of a network wait in main memory and come one after the other.
    BLOCKS = auto()
    NOT = auto()


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """Bytes for a model with all parts opened; with text encoders freed before the denoiser; and
    with blocks one after the other on a GPU. Weights, and a fifth for the work.

    `apart` is the larger of the text encoders and the rest, `blocks` the largest of the parts that
    are needed at once.
    """

    together: int
    apart: int
    blocks: int

    def fit(self, free: int, gpu: bool) -> Fit:
        """Return the way in which the model fits into so many free bytes of a GPU or a CPU."""
        if self.together <= free:
            return Fit.WHOLE
        if self.apart <= free:
            return Fit.APART
        return Fit.BLOCKS if gpu and self.blocks <= free else Fit.NOT


def memory_need(report: ModelReport, half: bool, weight_bits: int = 0) -> MemoryNeed:
    """Returns the need of a checked model. `half` is half precision, two bytes for each weight.

    `weight_bits` are those of weights of linear layers, 8 or 4; 0 for the precision. Models without
    plain layers count as one block.
    """
    size, bits = 2 if half else 4, bits_of(report, weight_bits)
    encoders = rest = needed = 0
    for part in report.parts:
        fewer = 0 if part.name == "vae" else bits
        weights = part.counts.bytes(size, fewer)
        if part.name.startswith("text_encoder"):
            encoders += weights
        else:
            rest += weights
        if part.name != "vae" and part.counts.all:
            needed = max(needed, weights * part.counts.needed // part.counts.all)
    apart = max(encoders, rest)
    vae = sum(part.counts.all * size for part in report.parts if part.name == "vae")
    blocks = needed + vae if _has_plain_layers(report) else apart
    work = apart * (_WORK - 1.0)
    return MemoryNeed(int((encoders + rest) * _WORK), int(apart + work), int(blocks + work))


def bits_of(report: ModelReport, weight_bits: int) -> int:
    """The bits that weights of a checked model have if so many are asked for; 0: its precision."""
    return weight_bits if _has_plain_layers(report) else 0


def _has_plain_layers(report: ModelReport) -> bool:
    return bool(report.family) and families.get(report.family).plain_layers


def memory_sentence(
    report: ModelReport,
    half: bool,
    free: int | None = None,
    weight_bits: int = 0,
    gpu: bool = False,
) -> str:
    """Describes the need of a model, and whether and how it fits into so many free bytes, if known.

    `gpu` says that these are of a GPU, whose blocks of weights can wait in main memory.
    """
    need, precision = memory_need(report, half, weight_bits), "half" if half else "single"
    bits = bits_of(report, weight_bits)
    fewer = f" and {bits}-bit weights" if bits else ""
    start = f"Needs about {_size(need.together)} of memory in {precision} precision{fewer}"
    apart = f", {_size(need.apart)} with its parts one after the other"
    blocks = f", {_size(need.blocks)} with the blocks of its networks one after the other"
    if free is None:
        some = apart if need.apart < need.together else ""
        return f"{start}{some}{blocks if gpu and need.blocks < need.apart else ''}."
    less = {
        Fit.WHOLE: "",
        Fit.APART: ": its text encoders are opened and freed before the rest",
        Fit.BLOCKS: (
            ": the blocks of its networks wait in main memory and come to the GPU one after the "
            "other, which is slow"
        ),
    }
    fit = need.fit(free, gpu)
    if fit in less:
        return f"{start}; {_size(free)} are free{less[fit]}."
    rest = f"; only {_size(free)} are free: the model is too large."
    return f"{start}{apart}{blocks if gpu else ''}{rest}"


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.0f} MB"
