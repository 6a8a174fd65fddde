"""Words that several views use for the same thing."""

from __future__ import annotations


def keyframe_letter(number: int) -> str:
    """A, B, … Z, then A1, B1, …"""
    turn, letter = divmod(number, 26)
    return chr(ord("A") + letter) + (str(turn) if turn else "")


def shell_distance(norm_z: float) -> str:
    """How far off the typical shell a latent is whose norm is `norm_z` σ off √d."""
    if abs(norm_z) < 3.0:
        return "on the typical shell"
    return f"{abs(norm_z):.0f} σ {'inside' if norm_z < 0 else 'outside'} the shell"


def size_text(size: int) -> str:
    """An amount of bytes as people say it."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
