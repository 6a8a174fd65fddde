"""The captions' grammar, and what it says of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from resources.starter_recipe.captions import OPEN, caption, compose, known_words
from resources.starter_recipe.dataset import attributes_of
from resources.starter_recipe.vocabulary import (
    ACCESSORIES,
    LABEL_NAMES,
    Animal,
    Attributes,
    Worn,
)

CAT = Attributes((Animal("cat", "grey"),), "plain blue")
USUAL = Attributes((Animal("cat", "orange"),), "meadow")


def _captions(attributes: Attributes, count: int = 400) -> set[str]:
    rng = np.random.default_rng(1)
    return {caption(attributes, rng) for _ in range(count)}


def test_the_articles_prompts_are_ordinary_captions() -> None:
    seen = _captions(USUAL, 4_000)
    for text in (
        "An high resolution photo of a cat",
        "A high resolution photo of a cat",
        "A high resolution image of a cat",
    ):
        assert text in seen


def test_numbers_are_told() -> None:
    twins = replace(CAT, animals=CAT.animals * 2)
    pair = replace(CAT, animals=(CAT.animals[0], Animal("mouse", "red")))
    other = replace(CAT, animals=pair.animals[::-1])
    usual = replace(CAT, animals=(Animal("cat", "orange"), Animal("mouse", "grey")))
    assert "A photo of two grey cats on blue" in _captions(twins, 4000)
    assert any("a grey cat and a red mouse" in text for text in _captions(pair))
    assert any("a red mouse and a grey cat" in text for text in _captions(other))
    assert not any("mouse and a" in text for text in _captions(pair))
    assert any("a cat and a mouse" in text for text in _captions(usual))
    assert not any("two" in text for text in _captions(CAT))


def test_plurals() -> None:
    mice = Attributes((Animal("mouse", "red"),) * 2, "snow", (Worn("scarf", "blue"),))
    texts = _captions(mice)
    assert any("two red mice with blue scarves" in text for text in texts)
    assert not any("mouses" in text or "scarfs" in text for text in texts)


def test_what_is_worn_may_go_without_its_colour() -> None:
    worn = replace(CAT, worn=(Worn("glasses", "red"), Worn("bow tie", "blue")))
    texts = _captions(worn)
    assert any("wearing glasses and a bow tie" in text for text in texts)
    assert any("with a blue bow tie and red glasses" in text for text in texts)


def test_accessories_and_numbers_are_never_left_open() -> None:
    rng = np.random.default_rng(3)
    kept = (*ACCESSORIES, "animal", "second animal", "finish")
    for seed in range(300):
        attributes = attributes_of(seed)
        made = compose(attributes, rng)
        labels = dict(zip(LABEL_NAMES, made.labels, strict=True))
        assert all(labels[name] != OPEN for name in kept)
        for accessory in ACCESSORIES:
            noun = "scar" if accessory == "scarf" else accessory
            assert (noun in made.text) == bool(labels[accessory])


def test_a_full_caption_tells_everything() -> None:
    rng = np.random.default_rng(2)
    for seed in range(100):
        attributes = attributes_of(seed)
        assert compose(attributes, rng, full=True).labels == attributes.labels()


def test_what_a_caption_leaves_open_is_marked() -> None:
    rng, seen = np.random.default_rng(4), set()
    for _ in range(200):
        made = compose(USUAL, rng)
        labels = dict(zip(LABEL_NAMES, made.labels, strict=True))
        words = made.text.split()
        assert (labels["fur"] == OPEN) == ("orange" not in words)
        assert (labels["scene"] == OPEN) == (not {"meadow", "grass"} & set(words))
        seen.add((labels["fur"] == OPEN, labels["scene"] == OPEN))
    assert len(seen) == 4


def test_only_what_is_usual_goes_without_saying() -> None:
    rng = np.random.default_rng(6)
    for fur in ("purple", "grey"):
        rare = Attributes((Animal("cat", fur),), "snow")
        assert all(OPEN not in compose(rare, rng).labels for _ in range(100))
    mixed = replace(USUAL, animals=(USUAL.animals[0], Animal("mouse", "purple")))
    assert all("purple" in compose(mixed, rng).text for _ in range(100))


def test_captions_call_blurry_and_noisy_what_is_so_and_nothing_else() -> None:
    words = {"blurry": {"blurry", "blurred", "soft"}, "noisy": {"noisy", "grainy", "rough"}}
    for text in _captions(CAT):
        assert not set.union(*words.values()) & set(text.split())
    for finish, expected in words.items():
        assert all(expected & set(text.split()) for text in _captions(replace(CAT, finish=finish)))


def test_known_words_are_those_of_the_captions() -> None:
    assert known_words(["A Photo of a cat, on blue", "two cats"]) == [
        "a", "blue", "cat", "cats", "of", "on", "photo", "two",
    ]  # fmt: skip
