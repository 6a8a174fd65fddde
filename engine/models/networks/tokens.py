"""CLIP's tokenizer without transformers: light enough for the window to count with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE

from engine.errors import ModelError

_START, _END = "<|startoftext|>", "<|endoftext|>"
_WORDS = (
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d"
    r"|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
)


@dataclass(frozen=True, slots=True)
class TokenCount:
    """Tokens a prompt takes, of `limit`; characters from `cut` on are not seen by the model."""

    tokens: int
    limit: int
    cut: int


class TokenCounter:
    """Tokens of prompts as the model in `folder` sees them; any thread.

    `folder` is a model's tokenizer folder, with vocab.json and merges.txt or tokenizer.json, and
    `padding` the token that fills a prompt up; "" is the one that the folder names.
    Raises ModelError, one sentence, where it cannot be read.
    """

    def __init__(self, folder: Path, padding: str = "") -> None:
        try:
            config = _read_json(folder / "tokenizer_config.json") or {}
            self.length = _length(config)
            vocab, merges = _read_vocabulary(folder)
            self._tokenizer = _build(vocab, merges)
            self._start, self._end = vocab[_START], vocab[_END]
            self._padding = vocab[padding or _padding_token(folder, config)]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"The tokenizer in {folder} cannot be read ({error!r}); fetch the model again."
            ) from error

    @property
    def limit(self) -> int:
        """Tokens a prompt may have; start and end mark take one each of the model's length."""
        return self.length - 2

    def count(self, prompt: str) -> TokenCount:
        """How many tokens `prompt` takes, and where the model stops reading."""
        encoding = self._tokenizer.encode(prompt, add_special_tokens=False)
        tokens = len(encoding.ids)
        cut = encoding.offsets[self.limit][0] if tokens > self.limit else len(prompt)
        return TokenCount(tokens, self.limit, cut)

    def ids(self, prompts: Sequence[str]) -> list[list[int]]:
        """[n, length] token numbers: start, prompt (cut off), end, padding."""
        rows = self._tokenizer.encode_batch(list(prompts), add_special_tokens=False)
        return [self._padded(row.ids) for row in rows]

    def mask(self, ids: Sequence[Sequence[int]], prompts: Sequence[str]) -> list[list[int]]:
        """[n, length] 1 where a token of the prompt or its marks stands, 0 for padding."""
        used = [min(self.count(prompt).tokens, self.limit) + 2 for prompt in prompts]
        return [[int(i < n) for i in range(len(row))] for row, n in zip(ids, used, strict=True)]

    def _padded(self, ids: list[int]) -> list[int]:
        row = [self._start, *ids[: self.limit], self._end]
        return row + [self._padding] * (self.length - len(row))


def _build(vocab: dict[str, int], merges: list[tuple[str, str]]) -> Tokenizer:
    """The pipeline of normaliser, splitter and byte-pair encoding that transformers builds."""
    model = BPE(
        vocab=vocab,
        merges=merges,
        continuing_subword_prefix="",
        end_of_word_suffix="</w>",
        fuse_unk=False,
        unk_token=_END,
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
    marks = [AddedToken(mark, special=True, normalized=False) for mark in (_START, _END)]
    tokenizer.add_special_tokens(marks)
    return tokenizer


def _read_vocabulary(folder: Path) -> tuple[dict[str, int], list[tuple[str, str]]]:
    whole = _read_json(folder / "tokenizer.json")
    if whole is not None:
        model = whole["model"]
        return model["vocab"], [_pair(merge) for merge in model["merges"]]
    vocab = _read_json(folder / "vocab.json")
    if vocab is None:
        raise FileNotFoundError("neither tokenizer.json nor vocab.json is there")
    lines = (folder / "merges.txt").read_text(encoding="utf-8").split("\n")
    return vocab, [_pair(line) for line in lines if line.strip() and not line.startswith("#v")]


def _pair(merge: str | list[str]) -> tuple[str, str]:
    first, second = merge.split(" ") if isinstance(merge, str) else merge
    return first, second


def _padding_token(folder: Path, config: dict[str, Any]) -> str:
    """What fills the rest; "!" in SD 2.x, named beside the vocabulary in either of two files."""
    special = _read_json(folder / "special_tokens_map.json") or {}
    token = config.get("pad_token") or special.get("pad_token") or _END
    return str(token["content"]) if isinstance(token, dict) else str(token)


def _length(config: dict[str, Any]) -> int:
    length = config.get("model_max_length", 77)
    return int(length) if 2 < length <= 1024 else 77


def _read_json(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    return content if isinstance(content, dict) else None
