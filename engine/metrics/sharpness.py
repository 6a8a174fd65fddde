"""Sharpness: the strength of a picture's fine detail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.metrics.contract import FrameMeasure, Observed, Summary, Values, mean, measures

#: Rec. 709 luma.
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32) / np.float32(255)
#: In cycles per pixel; Nyquist is 0.5.
_HALF_NYQUIST = 0.25


@measures.register("sharpness")
@dataclass(frozen=True)
class Sharpness(FrameMeasure):
    """The root of the luminance's energy above half the Nyquist frequency, in % of full scale.

    By Parseval's theorem from the two-dimensional spectrum of the picture under a Hann window,
    which removes the jump between opposite edges.
    """

    label = "Sharpness"
    tip = "The strength of fine detail, above half the Nyquist frequency, in % of full scale"
    unit = "%"
    summaries = (
        Summary("Sharpness", mean, is_mean=True),
        Summary("Least sharpness", lambda values: float(values.min())),
    )

    def of(self, frame: Observed) -> float:
        grey = frame.image @ _LUMA
        height, width = grey.shape
        spectrum = np.abs(
            np.fft.rfft2((grey - grey.mean()) * _hann(height)[:, None] * _hann(width))
        )
        rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
        # The real transform omits the mirrored half of all columns except the first and last.
        twice = np.where((columns == 0.0) | (columns == 0.5), 1.0, 2.0)
        energy = spectrum**2 * twice / grey.size**2
        return 100.0 * float(energy[rows**2 + columns**2 > _HALF_NYQUIST**2].sum()) ** 0.5


def _hann(length: int) -> Values:
    """Returns the Hann window [length], scaled to a mean square of 1."""
    window = np.hanning(length + 1)[:-1]
    return window / np.sqrt(np.mean(window**2))
