"""Reads the special and added tokens of a CLIP tokenizer.

A folder may contain files of several generations. The order of precedence is that of transformers 5
(`PreTrainedTokenizerBase._from_pretrained`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import AddedToken

_DEFAULTS = {
    "bos_token": "<|startoftext|>",
    "eos_token": "<|endoftext|>",
    "unk_token": "<|endoftext|>",
    "pad_token": "<|endoftext|>",
}
_OTHERS = ("sep_token", "cls_token", "mask_token")
#: The largest file of a tokenizer, in bytes. Those of CLIP have 3 MB.
_LARGEST_FILE = 64 << 20
#: Tokenizers store the number of a token in 32 bits.
_LARGEST_NUMBER = 2**32 - 1
_FLAGS = ("single_word", "lstrip", "rstrip", "normalized", "special")


@dataclass(frozen=True, slots=True)
class SpecialTokens:
    """The special tokens of a prompt, and all added tokens in the order of their numbers."""

    start: str
    end: str
    unknown: str
    padding: str
    added: tuple[AddedToken, ...]


def read_special_tokens(folder: Path, config: Mapping[str, Any]) -> SpecialTokens:
    """Reads those of the tokenizer in `folder`; `config` is its tokenizer_config.json.

    Raises OSError, ValueError, KeyError or TypeError for files that cannot be read.
    """
    named = {key: value for key, value in config.items() if key.endswith("_token")}
    extra = list(config.get("additional_special_tokens") or [])
    if "added_tokens_decoder" in config:
        listed = config["added_tokens_decoder"]
        if not isinstance(listed, dict):
            raise ValueError("added_tokens_decoder is no object of tokens by number")
        by_number = {int(number): _token(entry) for number, entry in listed.items()}
    else:
        special = read_json(folder / "special_tokens_map.json") or {}
        named |= {key: value for key, value in special.items() if key.endswith("_token")}
        extra = list(special.get("additional_special_tokens") or extra)
        by_number = _older_added_tokens(folder, {_text(token) for token in named.values()})
    marks = {key: _text(named.get(key) or default) for key, default in _DEFAULTS.items()}
    added = [by_number[number] for number in sorted(by_number)]
    others = [named[key] for key in _OTHERS if named.get(key)]
    for token in (*(named.get(key) or marks[key] for key in marks), *others, *extra):
        if _text(token) not in {each.content for each in added}:
            added.append(_token(token, special=True))
    return SpecialTokens(
        marks["bos_token"], marks["eos_token"], marks["unk_token"], marks["pad_token"], tuple(added)
    )


def read_json(path: Path) -> dict[str, Any] | None:
    """Reads a JSON object. Returns None if there is no file, or no object in it.

    Raises OSError, and ValueError for a file that is no JSON, too large or too deeply nested.
    """
    if not path.is_file():
        return None
    if path.stat().st_size > _LARGEST_FILE:
        raise ValueError(f"{path.name} has more than {_LARGEST_FILE:,} bytes")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError(f"{path.name} is nested too deeply") from error
    return content if isinstance(content, dict) else None


def _older_added_tokens(folder: Path, special: set[str]) -> dict[int, AddedToken]:
    """Reads the added tokens of added_tokens.json and tokenizer.json, by number."""
    found = {
        _number(number): AddedToken(text, normalized=text not in special, special=text in special)
        for text, number in (read_json(folder / "added_tokens.json") or {}).items()
    }
    whole = read_json(folder / "tokenizer.json") or {}
    return found | {_number(entry["id"]): _token(entry) for entry in whole.get("added_tokens", ())}


def _number(value: Any) -> int:
    """Returns the number of a token. Raises ValueError for any other value."""
    if type(value) is not int or not 0 <= value <= _LARGEST_NUMBER:
        raise ValueError(f"{str(value)[:50]} is no number of a token")
    return value


def _token(entry: Any, special: bool = False) -> AddedToken:
    """Makes an added token of a text, or of a description in JSON."""
    if not isinstance(entry, dict):
        return AddedToken(str(entry), special=special)
    flags = {name: bool(entry[name]) for name in _FLAGS if name in entry}
    return AddedToken(str(entry["content"]), **flags | ({"special": True} if special else {}))


def _text(token: Any) -> str:
    return str(token["content"]) if isinstance(token, dict) else str(token)
