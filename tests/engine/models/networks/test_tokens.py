"""Counting tokens without transformers gives what transformers gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers.models.clip.tokenization_clip import CLIPTokenizer

from engine.errors import ModelError
from engine.models.networks.tokens import TokenCounter
from tests.support.tiny_models import make_tokenizer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tokenizer(tmp_path_factory.mktemp("tokenizer"))


@pytest.fixture(scope="module")
def counter(folder: Path) -> TokenCounter:
    return TokenCounter(folder)


@pytest.fixture(scope="module")
def reference(folder: Path) -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(folder)


@given(text=st.text(max_size=200) | st.text("cat phof<|endofx>'s 12é🐈", max_size=200))
def test_numbers_equal_those_of_transformers(
    counter: TokenCounter, reference: CLIPTokenizer, text: str
) -> None:
    expected = reference(text, padding="max_length", max_length=77, truncation=True)
    ids = counter.ids([text])
    assert ids == [expected.input_ids]
    assert counter.mask(ids, [text]) == [expected.attention_mask]
    assert counter.count(text).tokens == len(reference(text, verbose=False).input_ids) - 2


WORDS = st.sampled_from(["cat", "of", "photo", "a", "7", "!"])


@given(words=st.lists(WORDS, min_size=20, max_size=100))
def test_the_cut_is_where_the_model_stops_reading(counter: TokenCounter, words: list[str]) -> None:
    text = " ".join(words)
    count = counter.count(text)
    assert (count.cut == len(text)) == (count.tokens <= count.limit)
    if count.tokens > count.limit:
        assert counter.ids([text[: count.cut] + "zzzz"]) == counter.ids([text])
        assert counter.count(text[: count.cut]).tokens == count.limit


def test_the_cut_by_example(counter: TokenCounter) -> None:
    count = counter.count("cat " * 80)
    assert (count.tokens, count.limit, count.cut) == (80, 75, 4 * 75)
    accents = counter.count("é " * 80)
    assert accents.tokens > accents.limit
    assert accents.cut % 2 == 0


def test_the_older_files_are_read_too(folder: Path, tmp_path: Path, counter: TokenCounter) -> None:
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    (tmp_path / "vocab.json").write_text(json.dumps(model["vocab"]))
    merges = "\n".join(["#version: 0.2", *(" ".join(pair) for pair in model["merges"]), ""])
    (tmp_path / "merges.txt").write_text(merges)
    text = "a photo of a cat's hat"
    assert TokenCounter(tmp_path).ids([text]) == counter.ids([text])


def test_another_padding(folder: Path, tmp_path: Path) -> None:
    """Stable Diffusion 2.x fills up with "!"."""
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_text((folder / name).read_text())
    config = json.loads((tmp_path / "tokenizer_config.json").read_text()) | {"pad_token": "!"}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    row = TokenCounter(tmp_path).ids(["cat"])[0]
    expected = CLIPTokenizer.from_pretrained(tmp_path)("cat", padding="max_length", max_length=77)
    assert row == expected.input_ids
    assert row[-1] != row[2]


@pytest.mark.parametrize("content", [None, "{}", "nonsense", '{"model": {}}'])
def test_a_broken_tokenizer_is_named(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(ModelError, match=r"tokenizer.*cannot be read"):
        TokenCounter(tmp_path)


@pytest.mark.parametrize("content", ["nonsense", '{"model_max_length": "long"}'])
def test_broken_settings_of_a_tokenizer_are_named(
    folder: Path, tmp_path: Path, content: str
) -> None:
    (tmp_path / "tokenizer.json").write_text((folder / "tokenizer.json").read_text())
    (tmp_path / "tokenizer_config.json").write_text(content)
    with pytest.raises(ModelError, match=r"tokenizer.*cannot be read"):
        TokenCounter(tmp_path)
