"""Exact frame rates: decimals of the television rates n/1001 are converted to these fractions."""

from __future__ import annotations

from fractions import Fraction

#: Encoders store rates as two integers of 31 bits.
_LARGEST_DENOMINATOR = 100_000
#: Largest number above or below the line of a rate that is typed as a fraction.
_LARGEST_PART = 1e12


def exact_rate(fps: float) -> Fraction:
    """Returns the exact rate for `fps`: 23.976, 23.98 and 24000/1001 as a float give 24000/1001.

    A decimal with at least two places gives n·1000/1001 if it equals that number rounded to its
    places. One with at least three places gives n·500/1001 under the same condition.
    """
    written = repr(float(fps))
    decimal, places = Fraction(written), len(written.partition(".")[2])
    for step, least_places in ((1000, 2), (500, 3)):
        broadcast = Fraction(round(decimal * 1001 / step) * step, 1001)
        if places >= least_places and broadcast and round(broadcast, places) == decimal:
            return broadcast
    simple = decimal.limit_denominator(1001)
    return simple if float(simple) == fps else decimal.limit_denominator(_LARGEST_DENOMINATOR)


def frame_rate(text: str) -> float:
    """Parses a rate such as "23.976" or "24000/1001". Raises ValueError."""
    above, slash, below = text.strip().replace(",", ".").partition("/")
    if not slash:
        return float(exact_rate(float(above)))
    if max(abs(float(above)), abs(float(below))) > _LARGEST_PART:
        raise ValueError("a number of the rate is too large")
    if abs(float(below)) < 1 / _LARGEST_PART:
        raise ValueError("the rate divides by zero")
    return float(Fraction(repr(float(above))) / Fraction(repr(float(below))))


def rate_text(rate: Fraction | float) -> str:
    """Formats a rate with up to three decimals."""
    return f"{float(rate):.3f}".rstrip("0").rstrip(".")
