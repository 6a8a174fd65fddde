"""Computes a digest of all model files that influence pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from engine.models.families.contract import INDEX, families
from engine.models.inspection.report import ModelForm, ModelReport

#: Files up to _WHOLE bytes are read completely. Of larger files, _PIECES pieces of _PIECE bytes
#: are read.
_WHOLE = 64 * 2**20
_PIECES, _PIECE = 512, 64 * 2**10


def identity_of(root: Path, files: Iterable[Path]) -> str:
    """Returns a hex digest of the contents of these files and of their names below `root`.

    Large weights take too long to read completely. For them, the digest includes the size, the
    beginning of the file, and evenly spaced pieces of the rest. The beginning has the name and
    shape of every tensor. Models without a common origin differ in all pieces, and fine-tuned
    models in nearly all.
    """
    digest = hashlib.sha256()
    for file in sorted(files):
        size = file.stat().st_size
        digest.update(f"{file.relative_to(root).as_posix()} {size}\n".encode())
        with file.open("rb") as stream:
            if size <= _WHOLE:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
                continue
            digest.update(stream.read(2**20))
            for piece in range(_PIECES):
                stream.seek((size - _PIECE) * piece // (_PIECES - 1))
                digest.update(stream.read(_PIECE))
    return digest.hexdigest()


def pixel_files(report: ModelReport) -> list[Path]:
    """The files that the pictures depend on: not the model card, the scorer, the safety checker."""
    folder = report.path
    configs = [folder / part.name / "config.json" for part in report.parts]
    weights = [file for part in report.parts for file in part.weights]
    names = (
        *("tokenizer.json", "vocab.json", "merges.txt", "tokenizer.model", "spiece.model"),
        *("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"),
        "chat_template.jinja",
    )
    folders = families.get(report.family).tokenizers
    tokenizers = [
        file for part in folders for name in names if (file := folder / part / name).is_file()
    ]
    # The index says, for example, if a model was distilled, or if empty prompts are zeros.
    whole = (folder / f"{INDEX}.json", folder / "scheduler" / "scheduler_config.json")
    return [*configs, *weights, *tokenizers, *whole]


def model_identity(report: ModelReport) -> str:
    """Returns the identity of a model without opening it."""
    if report.form is ModelForm.FILE:
        return identity_of(report.path.parent, [report.path])
    return identity_of(report.path, pixel_files(report))
