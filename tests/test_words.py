"""Docstrings and comments are plain: no riddles in their first word, and no images."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted([ROOT / "main.py", *ROOT.glob("engine/**/*.py"), *ROOT.glob("gui/**/*.py")])
HELPERS = sorted(ROOT.glob("tests/support/*.py"))
#: A docstring says what the thing is or does; these words only announce it.
RIDDLES = ("What", "Where", "How", "Whether")
#: Words that were used as images for something with a name of its own.
IMAGES = re.compile(
    r"\b(reins?|crew|patience|breathes?|dies? with|lives and dies|at hand|nobody wants|the dead)\b",
    re.IGNORECASE,
)


def _docstrings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def _comments(path: Path) -> Iterator[str]:
    lines = io.StringIO(path.read_text(encoding="utf-8")).readline
    tokens = tokenize.generate_tokens(lines)
    return (token.string for token in tokens if token.type == tokenize.COMMENT)


@pytest.mark.parametrize("path", [*SOURCES, *HELPERS], ids=lambda p: str(p.relative_to(ROOT)))
def test_docstrings_and_comments_use_plain_words(path: Path) -> None:
    texts = list(_docstrings(path))
    assert [text for text in texts if text.split(" ", 1)[0] in RIDDLES] == []
    assert [text for text in (*texts, *_comments(path)) if IMAGES.search(text)] == []
