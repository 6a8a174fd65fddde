"""A walk made concrete for one model: the latent and the text embedding at any time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from engine.geometry.noise import NoiseBank
from engine.messages import LatentStats
from engine.methods.contract import Array, Method, make_method
from engine.walk import Walk

Embeddings = Mapping[str, Array]


class WalkPath:
    """Latents and conditionings of a walk. `embeddings` holds [tokens, width] for each prompt.

    Interpolation is computed in float64 on the CPU and returned as float32.
    """

    def __init__(self, walk: Walk, noise: NoiseBank, embeddings: Embeddings) -> None:
        self.walk = walk
        self._noise = noise
        self._embeddings = embeddings
        self._methods = [make_method(walk.method_of(i)) for i in range(max(walk.segments, 1))]

    def with_walk(self, walk: Walk) -> WalkPath:
        """The path of another walk through the same noise and texts."""
        return WalkPath(walk, self._noise, self._embeddings)

    def method(self, segment: int) -> Method:
        return self._methods[segment]

    def keyframe(self, number: int) -> Array:
        """The latent [C, h, w] of keyframe `number`.

        A segment that leaves the noise alone hands that of its start on to its end.
        """
        while number and not self._methods[number - 1].walks_noise:
            number -= 1
        keyframe = self.walk.keyframes[number]
        latent = self._noise.draw(keyframe.noise)
        if keyframe.scale != 1.0:
            latent = keyframe.scale * latent
        for term in keyframe.blend:
            latent = latent + term.weight * self._noise.draw(term.source)
        return latent

    def latent(self, time: float) -> npt.NDArray[np.float32]:
        """The initial latent [C, h, w] at a time in [0, 1] of the whole walk."""
        return self.exact_latent(time).astype(np.float32)

    def exact_latent(self, time: float) -> Array:
        """The same before it is rounded to float32."""
        segment, gamma = self.walk.locate(time)
        start = self.keyframe(segment)
        end = self.keyframe(min(segment + 1, self.walk.segments))
        return self._methods[segment].latent(start, end, gamma)

    def conditioning(self, time: float) -> npt.NDArray[np.float32]:
        """The text embedding [tokens, width] at a time in [0, 1] of the whole walk."""
        segment, gamma = self.walk.locate(time)
        keyframes = self.walk.keyframes
        first = keyframes[segment].prompt
        last = keyframes[min(segment + 1, self.walk.segments)].prompt
        if first == last:
            return self._embeddings[first].astype(np.float32)
        blended = self._methods[segment].conditioning(
            self._embeddings[first], self._embeddings[last], gamma
        )
        return blended.astype(np.float32)

    def negative(self) -> npt.NDArray[np.float32]:
        """The embedding [tokens, width] of the negative prompt."""
        return self._embeddings[self.walk.negative].astype(np.float32)


def prompts_of(walk: Walk) -> tuple[str, ...]:
    """Every text that the walk needs encoded, each once: the negative first."""
    return tuple(dict.fromkeys((walk.negative, *(k.prompt for k in walk.keyframes))))


def latent_stats(latent: npt.NDArray[np.floating]) -> LatentStats:
    """Mean, std, and the norm's z-score.

    For z ~ N(0, I_d) the norm follows the chi distribution: mean √(d − ½), variance ½ for large d.
    """
    flat = latent.astype(np.float64).ravel()
    norm = float(np.linalg.norm(flat))
    return LatentStats(
        mean=float(flat.mean()),
        std=float(flat.std()),
        norm_z=float((norm - np.sqrt(flat.size - 0.5)) / np.sqrt(0.5)),
    )
