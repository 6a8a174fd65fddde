"""CLIP's tokenizer without transformers. It imports quickly, so that the window can use it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, count
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE

from engine.errors import ModelError
from engine.models.networks.special_tokens import read_json, read_special_tokens

_WORDS = (
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d"
    r"|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
)


@dataclass(frozen=True, slots=True)
class TokenCount:
    """The number of tokens of a prompt, and the limit. Characters from `cut` on are not read."""

    tokens: int
    limit: int
    cut: int


class LimitedCounter:
    """Tokens of prompts by the tokenizer.json in `folder`. The model's family knows the limit.

    Raises ModelError, one sentence, where the file cannot be read.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._limit = limit
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # the library raises nothing more exact
            raise ModelError(
                f"The tokenizer in {folder} cannot be read ({error}); fetch the model again."
            ) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def count(self, prompt: str) -> TokenCount:
        """The tokens that `prompt` takes without marks, and where the model stops reading."""
        encoding = self._tokenizer.encode(prompt, add_special_tokens=False)
        tokens = len(encoding.ids)
        cut = len(prompt) if tokens <= self._limit else encoding.offsets[self._limit][0]
        return TokenCount(tokens, self._limit, cut)


class TokenCounter:
    """The tokenizer in `folder`, with vocab.json and merges.txt, or tokenizer.json. Thread-safe.

    `padding` is the padding token; "" takes that of the folder. The ids equal those of
    transformers' CLIPTokenizer, also for learned tokens (textual inversion). Raises ModelError if
    the folder cannot be read.
    """

    def __init__(self, folder: Path, padding: str = "") -> None:
        self.folder = folder
        try:
            config = read_json(folder / "tokenizer_config.json") or {}
            self.length = _length(config)
            special = read_special_tokens(folder, config)
            vocab, merges = _read_vocabulary(folder)
            self._tokenizer = _build(vocab, merges, special.unknown)
            self._tokenizer.add_tokens(list(special.added))
            self._start, self._end = (self._number(t) for t in (special.start, special.end))
            self._padding = self._number(padding or special.padding)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"The tokenizer in {folder} cannot be read ({error!r}); fetch the model again."
            ) from error
        self._vectors = _vector_counts([str(token.content) for token in special.added])

    @property
    def limit(self) -> int:
        """The largest number of tokens of a prompt, without the start and end tokens."""
        return self.length - 2

    def count(self, prompt: str) -> TokenCount:
        """Counts the tokens of `prompt`, and finds the first character that is not read."""
        encoding = self._tokenizer.encode(prompt, add_special_tokens=False)
        taken = list(accumulate(self._vectors.get(token, 1) for token in encoding.tokens))
        beyond = next((k for k, total in enumerate(taken) if total > self.limit), None)
        cut = len(prompt) if beyond is None else encoding.offsets[beyond][0]
        if self._vectors:
            text = self._with_all_vectors(prompt)
            encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return TokenCount(len(encoding.ids), self.limit, cut)

    def ids(self, prompts: Sequence[str]) -> list[list[int]]:
        """Returns token ids [n, length]: start, prompt (truncated), end, padding."""
        texts = [self._with_all_vectors(prompt) for prompt in prompts]
        rows = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        return [self._padded(row.ids) for row in rows]

    def mask(self, ids: Sequence[Sequence[int]], prompts: Sequence[str]) -> list[list[int]]:
        """Returns the attention mask [n, length]: 0 for padding, else 1."""
        used = [min(self.count(prompt).tokens, self.limit) + 2 for prompt in prompts]
        return [[int(i < n) for i in range(len(row))] for row, n in zip(ids, used, strict=True)]

    def _number(self, token: str) -> int:
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise KeyError(token)
        return int(number)

    def _with_all_vectors(self, prompt: str) -> str:
        """Repeats learned tokens with several vectors: "<toy>" becomes "<toy> <toy>_1"."""
        if not self._vectors:
            return prompt
        found = set(self._tokenizer.encode(prompt, add_special_tokens=False).tokens)
        for token in sorted(found & self._vectors.keys()):
            more = (f"{token}_{number}" for number in range(1, self._vectors[token]))
            prompt = prompt.replace(token, " ".join((token, *more)))
        return prompt

    def _padded(self, ids: list[int]) -> list[int]:
        row = [self._start, *ids[: self.limit], self._end]
        return row + [self._padding] * (self.length - len(row))


def _vector_counts(added: Sequence[str]) -> dict[str, int]:
    """Counts the vectors of learned tokens with more than one, by diffusers' names for them."""
    known, counts = set(added), dict[str, int]()
    for token in added:
        more = next(number for number in count(1) if f"{token}_{number}" not in known)
        if more > 1:
            counts[token] = more
    return counts


def _build(vocab: dict[str, int], merges: list[tuple[str, str]], unknown: str) -> Tokenizer:
    """Builds the tokenizer with the normaliser, splitter and byte-pair encoding of transformers.

    Raises ValueError for a merge of tokens that `vocab` lacks, and TypeError for wrong types.
    """
    for first, second in merges:  # the library raises nothing more exact than Exception
        if not vocab.keys() >= {first, second, first + second}:
            raise ValueError(f"the vocabulary lacks tokens of the merge {first[:30]!r}")
    model = BPE(
        vocab=vocab,
        merges=merges,
        continuing_subword_prefix="",
        end_of_word_suffix="</w>",
        fuse_unk=False,
        unk_token=unknown,
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    return tokenizer


def _read_vocabulary(folder: Path) -> tuple[dict[str, int], list[tuple[str, str]]]:
    whole = read_json(folder / "tokenizer.json")
    if whole is not None:
        model = whole["model"]
        return model["vocab"], [_pair(merge) for merge in model["merges"]]
    vocab = read_json(folder / "vocab.json")
    if vocab is None:
        raise FileNotFoundError("neither tokenizer.json nor vocab.json is there")
    lines = (folder / "merges.txt").read_text(encoding="utf-8").split("\n")
    return vocab, [_pair(line) for line in lines if line.strip() and not line.startswith("#v")]


def _pair(merge: str | list[str]) -> tuple[str, str]:
    first, second = merge.split(" ") if isinstance(merge, str) else merge
    return first, second


def _length(config: dict[str, Any]) -> int:
    length = config.get("model_max_length", 77)
    return int(length) if 2 < length <= 1024 else 77
