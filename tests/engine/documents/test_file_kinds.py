"""A file that is no session is named by what it holds."""

from __future__ import annotations

import pytest

from engine.documents.file_kinds import foreign_text


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"", "walk.trail", "is empty"),
        (b"", "picture.png", "is empty"),
        (b"PK\x03\x04", "download", "a compressed archive"),
        (b"PK\x03\x04", "letter.docx", "a document"),
        (b"PK\x03\x04", "sums.xlsx", "a table"),
        (b"PK\x03\x04", "model.pt", "a model's weights"),
        (b"BZh91AY", "download", "a compressed archive"),
        (b"\xfd7zXZ\0", "download", "a compressed archive"),
        (b"\x80\x04\x95", "data.pkl", "a Python pickle"),
        (b"\x93NUMPY", "latents.npy", "an array of NumPy"),
        (b"<?xml version", "data", "an XML file"),
        (b"\x89PNG\r\n\x1a\n", "sums.csv", "a PNG picture"),
    ],
)
def test_the_kind_is_named(head: bytes, name: str, kind: str) -> None:
    text = foreign_text(head, name)
    assert text.startswith(name)
    assert kind in text
