"""Encoded texts on the disk: equal bit for bit, within a budget, and never trusted."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from engine.conditioning import Conditioning, Role
from engine.store.text_store import TextStore, text_key

KEYS = [text_key("model", "cpu float32", prompt, False) for prompt in ("a", "b", "c")]


def make_text(seed: int = 0, whole: bool = False) -> Conditioning:
    numbers = np.random.default_rng(seed).normal(size=(8, 4))
    return Conditioning({Role.SEQUENCE: numbers, Role.MASK: np.arange(8) < 3}, whole_tokens=whole)


@pytest.mark.parametrize("whole", [False, True])
def test_a_text_comes_back_bit_for_bit(tmp_path: Path, whole: bool) -> None:
    store, text = TextStore(tmp_path / "texts"), make_text(whole=whole)
    assert store.get(KEYS[0]) is None
    store.put(KEYS[0], text)
    found = TextStore(tmp_path / "texts").get(KEYS[0])
    assert found == text
    assert found is not None
    assert found.whole_tokens == whole
    assert store.get(KEYS[1]) is None


def test_keys_differ_by_everything_that_changes_a_text() -> None:
    keys = {
        text_key(*given)
        for given in (
            ("model", "cpu", "a", False),
            ("other", "cpu", "a", False),
            ("model", "cuda", "a", False),
            ("model", "cpu", "b", False),
            ("model", "cpu", "a", True),
        )
    }
    assert len(keys) == 5


def test_the_least_recently_used_texts_go_first(tmp_path: Path) -> None:
    size = 400
    store = TextStore(tmp_path, budget=2 * size)
    for age, key in enumerate(KEYS[:2]):
        store.put(key, make_text(age))
        os.utime(tmp_path / f"{key}.safetensors", (age + 1, age + 1))
    assert store.get(KEYS[0]) is not None, "used again, so it stays"
    store.put(KEYS[2], make_text(2))
    assert store.get(KEYS[1]) is None
    assert store.get(KEYS[0]) is not None
    assert store.get(KEYS[2]) == make_text(2)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x08\0\0\0\0\0\0\0{}      "])
def test_files_that_are_no_texts_count_as_missing(tmp_path: Path, content: bytes) -> None:
    store = TextStore(tmp_path)
    (tmp_path / f"{KEYS[0]}.safetensors").write_bytes(content)
    assert store.get(KEYS[0]) is None
    store.put(KEYS[0], make_text())
    assert store.get(KEYS[0]) == make_text()


def test_without_a_folder_nothing_is_stored() -> None:
    store = TextStore(None)
    store.put(KEYS[0], make_text())
    assert store.get(KEYS[0]) is None
