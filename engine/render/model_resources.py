"""A loaded model with the data that its jobs share: texts, noises, and measured numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.conditioning import Conditioning
from engine.geometry.noise import NoiseBank
from engine.geometry.projection import Plane, plane_of
from engine.geometry.walk_path import WalkPath, prompts_of
from engine.lru_cache import LruCache
from engine.models.loaded import DiffusionModel
from engine.models.running.devices import choose_batch
from engine.render.batch_memory import BatchMemory
from engine.render.batching import Batching, batch_key, choose_batching, measure_batch
from engine.render.previews import PreviewMap
from engine.render.shared_steps import States
from engine.render.steady_rows import measure_steady_rows
from engine.store.text_store import TextStore, text_key
from engine.walk import Walk

_TEXTS = 512
_PLANES = 8
_SHAPES = 4

Shape = tuple[int, int, int]
#: Raises Cancelled if the job was cancelled.
Check = Callable[[], None]


@dataclass(slots=True)
class DraftPace:
    """Measured times of one frame alone, in seconds: of a step and of decoding; 0 if unknown."""

    step_s: float = 0.0
    decode_s: float = 0.0


class ModelResources:
    """The data that all jobs of one model share. Used on the engine's thread.

    With `batches`, the best number of slots is measured once and stored for later runs.
    """

    def __init__(
        self,
        model: DiffusionModel,
        batches: BatchMemory | None = None,
        texts: TextStore | None = None,
    ) -> None:
        self.model, self.preview = model, PreviewMap.fit(model)
        self._stored = texts or TextStore(None)
        self.draft_pace = DraftPace()
        self._batches = batches
        self._texts = LruCache[str, Conditioning](_TEXTS)
        self._negatives = LruCache[str, Conditioning](_TEXTS)
        self._planes = LruCache[tuple[Walk, Shape], Plane](_PLANES)
        self.states = States()
        self._noises = LruCache[Shape, NoiseBank](_SHAPES)

    def text(self, prompt: str) -> Conditioning:
        """Return the conditioning of a prompt, which is encoded once."""
        known = self._texts.get(prompt)
        if known is not None:
            return known
        return self._texts.put(prompt, self._encoded(prompt, negative=False))

    def negative(self, prompt: str) -> Conditioning:
        """Return the conditioning of a negative prompt, which is encoded once."""
        known = self._negatives.get(prompt)
        if known is not None:
            return known
        return self._negatives.put(prompt, self._encoded(prompt, negative=True))

    def _encoded(self, prompt: str, negative: bool) -> Conditioning:
        """Return a text from the store, or encode it. Small encoders are faster than a disk."""
        model = self.model
        if model.family.own_networks:
            return model.encode([prompt], negative)[0]
        key = text_key(model.identity, f"{model.device.type} {model.precision}", prompt, negative)
        known = self._stored.get(key)
        if known is None:
            known = model.encode([prompt], negative)[0]
            self._stored.put(key, known)
        return known

    def encode(self, walk: Walk, check: Check) -> None:
        """Encode all texts of a walk, before the first step: then encoders are loaded only once."""
        for prompt in ("", *prompts_of(walk)):
            check()
            self.text(prompt)
        self.negative(walk.negative)

    def path(self, walk: Walk, shape: Shape, check: Check) -> WalkPath:
        """Return the path of a walk with latents of `shape` [C, h, w], and encode its texts."""
        texts: dict[str, Conditioning] = {}
        for prompt in prompts_of(walk):
            check()
            texts[prompt] = self.text(prompt)
        noise = self._noises.get(shape) or self._noises.put(shape, NoiseBank(shape))
        return WalkPath(walk, noise, texts, self.model.family.patch)

    def plane(self, path: WalkPath) -> Plane:
        """Return the plane of a path of this model, which is computed once for many points."""
        key = path.walk, path.noise.shape
        return self._planes.get(key) or self._planes.put(key, plane_of(path))

    def batching(self, shape: Shape, asked: int) -> Batching:
        """Return the batching for latents of `shape`: as requested, measured or guessed."""
        known = asked or self._remembered(self._key(shape)) or 0
        return choose_batching(self.model.device, max(shape[1:]), self.model.weights, known)

    def keep_steady(self, shape: Shape, check: Check) -> bool:
        """Make the model compute enough rows that a frame does not depend on its batch.

        Returns True if this is known. Where only one frame fits, as for a large model, nothing is
        measured and nothing is stored. GPUs decode several pictures at once, which is not exact.
        """
        model = self.model
        if model.device.type != "cpu":
            return False
        if model.steady_rows(shape) is None:
            key = f"steady rows, {self._key(shape)}"
            rows = self._remembered(key)
            if rows is None:
                if choose_batch(model.device, max(shape[1:]), model.weights) == 1:
                    return False
                rows = measure_steady_rows(model, shape, self.text(""), check)
                self._remember(key, rows)
            model.keep_steady(shape, rows)
        return model.batch_exact(shape)

    def tune(self, shape: Shape, check: Check) -> None:
        """Measure the best number of slots for latents of `shape`, if it is not known yet.

        If the guess is 1, it is not stored: other programs may use the memory only now.
        """
        if self._batches is None or self._remembered(self._key(shape)):
            return
        first = self.batching(shape, asked=0).slots
        if first == 1:
            return
        slots = measure_batch(self.model, shape, self.text(""), first, check)
        self._remember(self._key(shape), slots)

    def _key(self, shape: Shape) -> str:
        model = self.model
        return batch_key(model.device, model.identity, model.precision, shape)

    def _remembered(self, key: str) -> int | None:
        return self._batches.get(key) if self._batches is not None else None

    def _remember(self, key: str, number: int) -> None:
        if self._batches is not None:
            self._batches.put(key, number)
