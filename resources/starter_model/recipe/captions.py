"""The captions' grammar: orders, synonyms and left-out attributes, all from a seed.

An accessory is always told: nobody who asks for a cat is given one with a hat.
"""

from __future__ import annotations

import numpy as np

from .vocabulary import Attributes

_ANIMAL_WORDS: dict[str, tuple[str, ...]] = {
    "cat": ("cat", "cat", "cat", "kitten"),
    "dog": ("dog", "dog", "dog", "puppy"),
    "rabbit": ("rabbit", "rabbit", "bunny"),
    "bear": ("bear", "bear", "bear", "teddy bear"),
    "fox": ("fox",),
    "owl": ("owl",),
    "frog": ("frog",),
    "mouse": ("mouse",),
}
_FUR_WORDS: dict[str, tuple[str, ...]] = {"grey": ("grey", "gray")}
_PLACE_WORDS: dict[str, tuple[str, ...]] = {
    "meadow": ("in a meadow", "on a meadow", "in the grass"),
    "night": ("at night", "in the night", "under the stars"),
    "sea": ("by the sea", "at the beach", "at the sea"),
    "snow": ("in the snow", "in snow", "in winter"),
    "sunset": ("at sunset", "in the sunset"),
    "forest": ("in a forest", "in the forest", "in the woods"),
}
_WEAR_WORDS: dict[str, tuple[str, ...]] = {
    "scarf": ("a {} scarf",),
    "hat": ("a {} hat", "a {} top hat"),
    "glasses": ("{} glasses",),
    "bow tie": ("a {} bow tie",),
    "flower": ("a {} flower",),
}
_STYLE_WORDS: dict[str, tuple[str, ...]] = {
    "photo": ("photo", "photo", "image", "picture"),
    "drawing": ("drawing", "drawing", "sketch"),
}
_QUALITY = ("high resolution", "high resolution", "detailed", "sharp", "beautiful")
_FINISH_WORDS: dict[str, tuple[str, ...]] = {
    "blurry": ("blurry", "blurry", "soft", "blurred"),
    "noisy": ("noisy", "noisy", "grainy", "rough"),
}


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _opening(attributes: Attributes, rng: np.random.Generator) -> str:
    """The words before the subject, "A high resolution photo of " and its kin; perhaps none."""
    style = _pick(rng, _STYLE_WORDS[attributes.style])
    if attributes.finish in _FINISH_WORDS:
        word = _pick(rng, _FINISH_WORDS[attributes.finish])
        return f"{_pick(rng, ('A', 'a'))} {word} {style} of "
    kind = rng.uniform()
    if kind < 0.4:
        quality = _pick(rng, _QUALITY)
        article = "An" if quality == "high resolution" and rng.uniform() < 0.35 else "A"
        return f"{article} {quality} {style} of "
    if kind < 0.9 or attributes.style == "drawing":
        return f"{_pick(rng, ('A', 'a'))} {style} of "
    return ""


def _subject(attributes: Attributes, rng: np.random.Generator, full: bool) -> str:
    animal = _pick(rng, _ANIMAL_WORDS[attributes.animal])
    if not full and rng.uniform() < 0.15:
        return f"a {animal}"
    fur = _pick(rng, _FUR_WORDS.get(attributes.fur, (attributes.fur,)))
    article = "an" if fur[0] in "aeiou" else "a"
    return f"{article} {fur} {animal}"


def _scene(attributes: Attributes, rng: np.random.Generator) -> str:
    if not attributes.scene.startswith("plain "):
        return _pick(rng, _PLACE_WORDS[attributes.scene])
    colour = attributes.scene.removeprefix("plain ")
    forms = ("on a {} background", "on {}", "in front of a {} wall")
    return _pick(rng, forms).format(colour)


def _wear(attributes: Attributes, rng: np.random.Generator, full: bool) -> str:
    colour = attributes.accessory_colour if full or rng.uniform() < 0.9 else ""
    noun = _pick(rng, _WEAR_WORDS[attributes.accessory]).format(colour).replace("  ", " ")
    if colour == "" and attributes.accessory == "glasses":
        noun = "glasses"
    return f"{_pick(rng, ('with', 'wearing'))} {noun}"


def caption(attributes: Attributes, rng: np.random.Generator, full: bool = False) -> str:
    """One caption for the picture; `full` leaves out nothing that can be told."""
    parts = []
    if attributes.accessory != "none":
        parts.append(_wear(attributes, rng, full))
    if full or rng.uniform() < 0.85:
        parts.append(_scene(attributes, rng))
    if len(parts) == 2 and rng.uniform() < 0.3:
        parts.reverse()
    joint = _pick(rng, (" ", " ", ", "))
    text = _opening(attributes, rng) + _subject(attributes, rng, full)
    return joint.join([text, *parts]).strip()


def told(attributes: Attributes, text: str) -> tuple[bool, bool, bool, bool]:
    """Whether the caption tells animal, fur, scene and accessory."""
    fur = any(
        f" {word} " in f" {text.split(' with')[0].split(' wearing')[0]} "
        for word in _FUR_WORDS.get(attributes.fur, (attributes.fur,))
    )
    place = attributes.scene.removeprefix("plain ")
    if attributes.scene.startswith("plain "):
        words = tuple(form.format(place) for form in ("a {} background", "on {}", "a {} wall"))
    else:
        words = _PLACE_WORDS[attributes.scene]
    scene = any(word in text for word in words)
    accessory = attributes.accessory != "none" and attributes.accessory in text
    return True, fur, scene, accessory
