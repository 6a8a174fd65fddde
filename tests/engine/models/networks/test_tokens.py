"""Counting tokens without transformers gives what transformers gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from diffusers.loaders import TextualInversionLoaderMixin
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


MARKS = ("<|startoftext|>", "<|endoftext|>")
DESCRIBED = {"content": "!", "lstrip": False, "normalized": True, "rstrip": False}
PADDINGS = st.sampled_from([None, "!", "<|endoftext|>", "<pad>", DESCRIBED])
LEARNED = ("<toy>", "<toy>_1", "<toy>_2")
SPOKEN = ("a <toy> of", "<toy>cat", "a <Toy>_1, <style>", "<pad> !", "<toy> " * 40, "cat " * 90)


def write_tokenizer(folder: Path, model: dict[str, Any], files: dict[str, Any]) -> None:
    """A tokenizer of the older pair of files, with these other files beside it."""
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps(model["vocab"]))
    merges = "\n".join(" ".join(pair) for pair in model["merges"])
    (folder / "merges.txt").write_text(f"#version: 0.2\n{merges}\n")
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))


@given(data=st.data())
def test_every_form_of_files_is_read_as_transformers_reads_it(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    first = len(model["vocab"])
    files: dict[str, Any] = {"tokenizer_config.json": {"model_max_length": 77}}
    config = files["tokenizer_config.json"]
    if (padding := data.draw(PADDINGS, "padding")) is not None:
        config["pad_token"] = padding
    if (mapped := data.draw(PADDINGS, "mapped padding")) is not None:
        files["special_tokens_map.json"] = {"pad_token": mapped}
    learned = LEARNED[: data.draw(st.integers(0, 3), "vectors")]
    numbered = list(enumerate(learned, first))
    if data.draw(st.booleans(), "in the config"):
        marks = [(model["vocab"][mark], mark) for mark in MARKS]
        config["added_tokens_decoder"] = {
            str(number): {"content": text, "special": text in MARKS, "normalized": False}
            for number, text in marks + numbered
        }
    elif learned:
        files["added_tokens.json"] = {text: number for number, text in numbered}
    place = tmp_path_factory.mktemp("form") / "tokenizer"
    write_tokenizer(place, model, files)
    ours, theirs = TokenCounter(place), CLIPTokenizer.from_pretrained(place)
    for text in SPOKEN:
        whole = TextualInversionLoaderMixin().maybe_convert_prompt(text, theirs)
        expected = theirs(whole, padding="max_length", max_length=77, truncation=True)
        assert ours.ids([text]) == [expected.input_ids]
        assert ours.count(text).tokens == len(theirs(whole, verbose=False).input_ids) - 2


def test_a_map_of_special_tokens_names_the_padding(folder: Path, tmp_path: Path) -> None:
    """As the folders of Stable Diffusion 2.x have it: the older file wins over the config."""
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    files = {
        "tokenizer_config.json": {"pad_token": "<|endoftext|>"},
        "special_tokens_map.json": {"pad_token": "!"},
    }
    write_tokenizer(tmp_path / "sd2", model, files)
    assert TokenCounter(tmp_path / "sd2").ids(["cat"])[0][-1] == model["vocab"]["!"]


def test_a_learned_token_stays_whole_and_counts_its_vectors(folder: Path, tmp_path: Path) -> None:
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    first = len(model["vocab"])
    learned = {text: number for number, text in enumerate(LEARNED, first)}
    write_tokenizer(tmp_path / "learned", model, {"added_tokens.json": learned})
    counter = TokenCounter(tmp_path / "learned")
    assert counter.ids(["<toy>"])[0][1:4] == [first, first + 1, first + 2]
    count = counter.count("<toy> " * 30)
    assert (count.tokens, count.cut) == (90, 25 * len("<toy> "))


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


HOSTILE_FILES = {
    "a deeply nested config": ("tokenizer_config.json", "[" * 100_000),
    "a list of numbered tokens": ("tokenizer_config.json", '{"added_tokens_decoder": [1]}'),
    "no numbered tokens": ("tokenizer_config.json", '{"added_tokens_decoder": null}'),
    "an infinite number": ("added_tokens.json", '{"toy": 1e999}'),
    "a negative number": ("added_tokens.json", '{"toy": -1}'),
    "an infinite id": ("tokenizer.json", '{"added_tokens": [{"id": 1e999, "content": "toy"}]}'),
    "a merge of no tokens": ("merges.txt", "zzz zzz\n"),
    "a vocabulary of nothing": ("vocab.json", "{}"),
}


@pytest.mark.parametrize(("name", "content"), HOSTILE_FILES.values(), ids=HOSTILE_FILES)
def test_any_damaged_file_of_a_tokenizer_is_one_sentence(
    folder: Path, tmp_path: Path, name: str, content: str
) -> None:
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    (tmp_path / "vocab.json").write_text(json.dumps(model["vocab"]))
    pairs = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    (tmp_path / "merges.txt").write_text("\n".join(pairs))
    TokenCounter(tmp_path)
    (tmp_path / name).write_text(content)
    with pytest.raises(ModelError, match=r"tokenizer.*cannot be read"):
        TokenCounter(tmp_path)
