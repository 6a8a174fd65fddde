"""The latent and the text of a walk at any time, for one model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from engine.conditioning import Blend, Conditioning, blend_texts, vary_text
from engine.geometry.noise import NoiseBank
from engine.messages import LatentStats
from engine.methods.carried_noise import methods_of, noise_at, noise_towards
from engine.methods.contract import (
    Array,
    Method,
    ThroughMethod,
    fresh_noise,
    text_blend,
)
from engine.methods.through.runs import run_of
from engine.tracks.prompts import prompt_place, prompts_in
from engine.walk import Walk


@dataclass(frozen=True, slots=True)
class WalkPath:
    """Latents and texts of a walk. `texts` holds the conditioning of each of its prompts.

    `granule` is the side in latent pixels of what the model reads as one token. Methods with a seam
    move or replace whole granules. The rectangles of `part` are in single latent pixels.

    Interpolation is computed in float64 on the CPU and returned as float32. Raises InputError for
    an unknown method.
    """

    walk: Walk
    noise: NoiseBank
    texts: Mapping[str, Conditioning]
    granule: int = 1
    _methods: tuple[Method, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_methods", methods_of(self.walk))

    def with_walk(self, walk: Walk) -> WalkPath:
        """Returns the path of another walk with the same noise and texts."""
        return replace(self, walk=walk)

    def method(self, segment: int) -> Method:
        return self._methods[segment]

    def keyframe(self, number: int) -> Array:
        """Returns the latent [C, h, w] of keyframe `number`.

        After a segment that does not change the noise or comes back, it is the segment's start.
        """
        return self._drawn(noise_at(self._methods, number))

    def target(self, segment: int) -> Array:
        """Returns the latent [C, h, w] that the method of `segment` takes as its end."""
        return self._drawn(noise_towards(self.walk, self._methods, segment))

    def _drawn(self, number: int) -> Array:
        """Returns the sum of noises of keyframe `number`."""
        keyframe = self.walk.keyframes[number]
        latent = self.noise.draw(keyframe.noise)
        if keyframe.scale != 1.0:
            latent = keyframe.scale * latent
        for term in keyframe.blend:
            latent = latent + term.weight * self.noise.draw(term.source)
        return latent

    def latent(self, time: float) -> npt.NDArray[np.float32]:
        """Returns the initial latent [C, h, w] at a time in [0, 1] of the whole walk."""
        return self.exact_latent(time).astype(np.float32)

    def exact_latent(self, time: float) -> Array:
        """Returns the latent in float64, before it is rounded to float32."""
        latent = self._at_gamma(time)
        segment, share = self.walk.place(time)
        held = self.walk.pace_of(segment).drifts_at(share)
        return self._drifted(latent, segment, held) if held else latent

    def _drifted(self, latent: Array, segment: int, share: float) -> Array:
        """Returns the latent of a hold that drifts, at a share in (0, 1) of it.

        cos θ z + sin θ (cos πs ε₁ + sin πs ε₂), θ = drift · sin² πs, with the hold's latent z and
        two draws ε of its own: exactly N(0, I) if z is, and at rest at both ends.
        """
        keyframe = self.walk.keyframes[segment]
        held = self.walk.keyframes[noise_at(self._methods, segment)]
        angle = math.radians(self.walk.pace_of(segment).drift) * math.sin(math.pi * share) ** 2
        noise = (
            fresh_noise(keyframe.noise.seed, 2 * keyframe.noise.draw + k, latent.shape)
            for k in (0, 1)
        )
        away = math.cos(math.pi * share) * next(noise) + math.sin(math.pi * share) * next(noise)
        weights = (held.scale, *(term.weight for term in held.blend))
        return math.cos(angle) * latent + math.sin(angle) * math.hypot(*weights) * away

    def _at_gamma(self, time: float) -> Array:
        segment, gamma = self.walk.locate(time)
        method = self._methods[segment]
        if isinstance(method, ThroughMethod):
            run = run_of(self.walk, segment)
            keys = [self.keyframe(number) for number in run.keyframes]
            return method.through(keys, run.segment, gamma, run.loop, run.times)
        ends = self.keyframe(segment), self.target(segment)
        if self.granule > 1 and method.seam(0.5, 2) is not None:
            start, end = (_in_granules(latent, self.granule) for latent in ends)
            return _in_pixels(method.latent(start, end, gamma), self.granule)
        return method.latent(*ends, gamma)

    def conditioning(self, time: float) -> Conditioning:
        """Returns the text at a time in [0, 1] of the whole walk; at a keyframe, its prompt's."""
        segment, gamma = self.walk.locate(time)
        method = self._methods[segment]
        text = self._blended(time, method)
        if not method.varies_text or gamma in (0.0, 1.0):
            return text
        return vary_text(text, lambda role, array: method.varied(role, array, gamma))

    def _blended(self, time: float, method: Method) -> Conditioning:
        """Returns the text between two prompts. `method` is that of the segment."""
        place = prompt_place(self.walk, time)
        if place.first == place.last:
            return self.texts[place.first]
        first, last = self.texts[place.first], self.texts[place.last]
        blend: Blend = text_blend(place.blend) if place.blend else method.conditioning
        return blend_texts(first, last, place.gamma, blend)


def _in_granules(latent: Array, side: int) -> Array:
    """Returns a latent [C, h, w] with squares as channels: [C·side², h/side, w/side]."""
    channels, height, width = latent.shape
    parts = latent.reshape(channels, height // side, side, width // side, side)
    return parts.transpose(0, 2, 4, 1, 3).reshape(-1, height // side, width // side)


def _in_pixels(latent: Array, side: int) -> Array:
    """The inverse of `_in_granules`."""
    _, height, width = latent.shape
    parts = latent.reshape(-1, side, side, height, width)
    return parts.transpose(0, 3, 1, 4, 2).reshape(-1, height * side, width * side)


def prompts_of(walk: Walk) -> tuple[str, ...]:
    """Returns all texts of the walk without repetition, the negative prompt first."""
    return tuple(dict.fromkeys((walk.negative, *prompts_in(walk))))


def latent_stats(latent: npt.NDArray[np.floating]) -> LatentStats:
    """Computes mean, std, and the z-score of the norm.

    For z ~ N(0, I_d), the norm has the chi distribution: mean √(d − ½), variance ½ for large d.
    """
    flat = latent.astype(np.float64).ravel()
    norm = float(np.linalg.norm(flat))
    return LatentStats(
        mean=float(flat.mean()),
        std=float(flat.std()),
        norm_z=float((norm - np.sqrt(flat.size - 0.5)) / np.sqrt(0.5)),
    )
