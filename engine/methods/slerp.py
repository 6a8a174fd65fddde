"""Spherical linear interpolation."""

from __future__ import annotations

from dataclasses import dataclass

from engine.methods.contract import Array, Ends, NoiseMethod, arc_weights, methods, slerp_arc


@methods.register("slerp")
@dataclass(frozen=True)
class Slerp(NoiseMethod):
    """z(γ) = [sin((1−γ)φ) z_start + sin(γφ) z_end] / sin φ, φ = angle(z_start, z_end).

    Shoemake 1985, over the whole tensor. Preserves the ends, the norm of ends of equal norm and,
    approximately, N(0, I). The angular speed is constant. Use it for smooth walks.
    """

    label = "Slerp"
    colour = "#0072B2"
    planar = True
    splits = True

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        return slerp_arc(start, end, gamma)

    def expected_std(self, gamma: float, ends: Ends) -> float:
        return ends.std_of_sum(*arc_weights(ends.correlation, gamma))
