"""Trains the CLIPTokenizer: byte-level BPE on sampled captions, with the full byte alphabet."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from .captions import caption
from .common import parser
from .dataset import attributes_of

MAX_LENGTH = 77
_START, _END = "<|startoftext|>", "<|endoftext|>"
_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def sample_captions(count: int, seed: int = 0) -> list[str]:
    """Captions of random scenes."""
    rng = np.random.default_rng((seed, 2))
    return [caption(attributes_of(i), rng) for i in range(count)]


def train(folder: Path, captions: list[str], size: int) -> CLIPTokenizer:
    """Learns the merges and writes a CLIPTokenizer folder."""
    raw = Tokenizer(models.BPE(unk_token=_END, end_of_word_suffix="</w>"))
    raw.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    raw.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        initial_alphabet=letters,
        end_of_word_suffix="</w>",
        special_tokens=[],
        show_progress=False,
    )
    raw.train_from_iterator(captions, trainer)
    return _write(folder, json.loads(raw.to_str())["model"]["merges"], letters)


def _write(folder: Path, merges: list[list[str]], letters: list[str]) -> CLIPTokenizer:
    """CLIP's order: bytes, bytes that end a word, merged tokens, the two special tokens."""
    tokens = letters + [f"{letter}</w>" for letter in letters]
    tokens += [left + right for left, right in merges]
    vocabulary = {token: i for i, token in enumerate(dict.fromkeys(tokens))}
    vocabulary[_START] = len(vocabulary)
    vocabulary[_END] = len(vocabulary)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), "utf-8")
    lines = ["#version: 0.2", *(f"{left} {right}" for left, right in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", "utf-8")
    tokenizer = CLIPTokenizer(
        vocab=str(folder / "vocab.json"),
        merges=str(folder / "merges.txt"),
        pad_token=_END,
        model_max_length=MAX_LENGTH,
    )
    tokenizer.save_pretrained(folder)
    return tokenizer


def load(work: Path) -> CLIPTokenizer:
    """The trained tokenizer."""
    tokenizer: CLIPTokenizer = CLIPTokenizer.from_pretrained(work / "tokenizer")
    return tokenizer


def make(work: Path, size: int = 760) -> CLIPTokenizer:
    """Trains the tokenizer of the work folder, unless it is there already."""
    if (work / "tokenizer").exists():
        return load(work)
    return train(work / "tokenizer", sample_captions(20_000), size)


def main() -> None:
    """Command line."""
    command = parser(__doc__)
    command.add_argument("--size", type=int, default=760)
    command.add_argument("--start", type=Path, help="a model folder whose tokenizer to keep")
    options = command.parse_args()
    if options.start:
        shutil.copytree(options.start / "tokenizer", options.work / "tokenizer", dirs_exist_ok=True)
    print(f"tokenizer: {len(make(options.work, options.size))} entries")


if __name__ == "__main__":
    main()
