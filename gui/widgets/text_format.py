"""Texts that several views share."""

from __future__ import annotations

#: The easings as they are shown.
EASING_TEXTS = {
    "linear": "Linear in time",
    "ease-in": "Ease in",
    "ease-out": "Ease out",
    "ease-in-out": "Ease in and out",
    "curve": "Curve",
}


def keyframe_letter(number: int) -> str:
    """Returns the letter of a keyframe: A, B, … Z, then A1, B1, …"""
    turn, letter = divmod(number, 26)
    return chr(ord("A") + letter) + (str(turn) if turn else "")


def shell_distance(norm_z: float) -> str:
    """Describes the distance from the typical shell of a latent whose norm is `norm_z` σ off √d."""
    if abs(norm_z) < 3.0:
        return "on the typical shell"
    return f"{abs(norm_z):.0f} σ {'inside' if norm_z < 0 else 'outside'} the shell"


def size_text(size: int) -> str:
    """Formats a number of bytes as MB or GB."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
