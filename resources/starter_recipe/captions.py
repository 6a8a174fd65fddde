"""The captions' grammar: numbers, orders, synonyms and left-out attributes, all from a seed.

A caption comes with its labels, in which everything that it leaves open is marked. Colour and scene
are left open where they are the usual ones, as people do: a walk whose prompt names neither then
stays within one kind of picture. Accessories and the number of figures are never left open: who
asks for a cat is not given two, or one with a hat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .vocabulary import LABEL_NAMES, Attributes, Worn

OPEN = -100

#: What goes without saying: "a fox" is an orange one, in a meadow.
USUAL_FURS = {
    "cat": "orange",
    "dog": "brown",
    "rabbit": "white",
    "bear": "brown",
    "fox": "orange",
    "owl": "brown",
    "frog": "green",
    "mouse": "grey",
}
USUAL_SCENE = "meadow"
#: How often the usual is left unsaid, and the colour of what is worn.
UNSAID, UNSAID_DYE = 0.7, 0.25

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
_PLURALS = {
    "puppy": "puppies",
    "bunny": "bunnies",
    "fox": "foxes",
    "mouse": "mice",
    "scarf": "scarves",
    "glasses": "glasses",
}
_FUR_WORDS: dict[str, tuple[str, ...]] = {"grey": ("grey", "gray")}
_PLACE_WORDS: dict[str, tuple[str, ...]] = {
    "meadow": ("in a meadow", "on a meadow", "in the grass"),
    "night": ("at night", "in the night", "under the stars"),
    "sea": ("by the sea", "at the beach", "on the beach"),
    "snow": ("in the snow", "in snow", "in winter"),
    "sunset": ("at sunset", "in the sunset"),
    "forest": ("in a forest", "in the forest", "in the woods"),
}
_PLAIN_WORDS = ("on a {} background", "on {}", "in front of a {} wall")
_WEAR_WORDS: dict[str, tuple[str, ...]] = {"hat": ("hat", "hat", "top hat")}
_PHOTO_WORDS = ("photo", "photo", "image", "picture")
_QUALITY = ("high resolution", "high resolution", "detailed", "sharp", "beautiful")
_FINISH_WORDS: dict[str, tuple[str, ...]] = {
    "blurry": ("blurry", "blurry", "soft", "blurred"),
    "noisy": ("noisy", "noisy", "grainy", "rough"),
}


@dataclass(frozen=True, slots=True)
class Caption:
    """A text and the class numbers of what it says, `OPEN` where it leaves them open."""

    text: str
    labels: list[int]


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _plural(noun: str) -> str:
    first, _, last = noun.rpartition(" ")
    return f"{first} {_PLURALS.get(last, last + 's')}".strip()


def _with_article(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _opening(attributes: Attributes, rng: np.random.Generator) -> str:
    """The words before the subject, "A high resolution photo of " and its kin; perhaps none."""
    photo = _pick(rng, _PHOTO_WORDS)
    if attributes.finish in _FINISH_WORDS:
        words = f"{_pick(rng, _FINISH_WORDS[attributes.finish])} {photo}"
        return f"{_pick(rng, ('A', 'a'))} {words} of "
    kind = rng.uniform()
    if kind < 0.4:
        quality = _pick(rng, _QUALITY)
        article = "An" if quality == "high resolution" and rng.uniform() < 0.35 else "A"
        return f"{article} {quality} {photo} of "
    words = _with_article(photo)
    return f"{_pick(rng, (words, words.capitalize()))} of " if kind < 0.9 else ""


def _subject(attributes: Attributes, rng: np.random.Generator, coloured: bool) -> str:
    """ "a red cat", "two red cats", "a red cat and a blue dog", or the same without colours.

    Who stands on the left is named first.
    """
    names = []
    for animal in attributes.animals:
        noun = _pick(rng, _ANIMAL_WORDS[animal.species])
        fur = _pick(rng, _FUR_WORDS.get(animal.fur, (animal.fur,)))
        names.append(f"{fur} {noun}" if coloured else noun)
    if len(names) == 1:
        return _with_article(names[0])
    if attributes.animals[0] == attributes.animals[1]:
        return f"two {_plural(names[0])}"
    return " and ".join(_with_article(name) for name in names)


def _scene(attributes: Attributes, rng: np.random.Generator) -> str:
    if not attributes.scene.startswith("plain "):
        return _pick(rng, _PLACE_WORDS[attributes.scene])
    return _pick(rng, _PLAIN_WORDS).format(attributes.scene.removeprefix("plain "))


def _thing(worn: Worn, rng: np.random.Generator, coloured: bool, several: bool) -> str:
    noun = _pick(rng, _WEAR_WORDS.get(worn.accessory, (worn.accessory,)))
    noun = _plural(noun) if several else noun
    words = f"{worn.colour} {noun}" if coloured else noun
    return words if several or noun == "glasses" else _with_article(words)


def compose(attributes: Attributes, rng: np.random.Generator, full: bool = False) -> Caption:
    """One caption for the picture; `full` leaves out nothing that can be told."""
    usual = all(a.fur == USUAL_FURS[a.species] for a in attributes.animals)
    unsaid = (UNSAID * usual, UNSAID * (attributes.scene == USUAL_SCENE), UNSAID_DYE)
    coloured, placed, dyed = (full or bool(rng.uniform() >= share) for share in unsaid)
    parts = []
    if attributes.worn:
        several = len(attributes.animals) == 2
        things = [_thing(worn, rng, dyed, several) for worn in attributes.worn]
        if rng.uniform() < 0.5:
            things.reverse()
        parts.append(f"{_pick(rng, ('with', 'wearing'))} {' and '.join(things)}")
    if placed:
        parts.append(_scene(attributes, rng))
    if len(parts) == 2 and rng.uniform() < 0.3:
        parts.reverse()
    text = _opening(attributes, rng) + _subject(attributes, rng, coloured)
    text = _pick(rng, (" ", " ", ", ")).join([text, *parts])
    return Caption(text, _told(attributes, coloured, placed, dyed))


def _told(attributes: Attributes, coloured: bool, placed: bool, dyed: bool) -> list[int]:
    """The labels without those of colours and scene that are left open."""
    labels = dict(zip(LABEL_NAMES, attributes.labels(), strict=True))
    if not coloured:
        labels["fur"] = OPEN
        if len(attributes.animals) == 2:
            labels["second fur"] = OPEN
    if not placed:
        labels["scene"] = OPEN
    if not dyed:
        for worn in attributes.worn:
            labels[f"{worn.accessory} colour"] = OPEN
    return list(labels.values())


def caption(attributes: Attributes, rng: np.random.Generator, full: bool = False) -> str:
    """The text alone."""
    return compose(attributes, rng, full).text


def known_words(texts: list[str]) -> list[str]:
    """Every word of these captions, in alphabetical order."""
    return sorted({word for text in texts for word in text.lower().replace(",", "").split()})
