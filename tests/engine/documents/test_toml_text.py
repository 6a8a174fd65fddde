"""TOML of persons: what is read, and what is refused before it takes minutes."""

from __future__ import annotations

import tomllib

import pytest

from engine.documents.toml_text import MOST_PARTS, longest_key, parse_toml
from engine.errors import InputError


def test_a_key_of_many_parts_is_refused_at_once() -> None:
    """Python's own reader takes more than a minute for it."""
    for text in (".".join(50_000 * "a") + " = 1", "[" + '"a" . ' * 50_000 + "b]"):
        with pytest.raises(InputError, match=r"^my.toml is no plan: it has a key of more than 16"):
            parse_toml(text.encode(), "my.toml", "plan")


@pytest.mark.parametrize(
    "text",
    [
        'prompt = "A cat. A fox. And so on. . . . . . . . . . . . . . . . ."',
        "prompt = '. . . . . . . . . . . . . . . . . . . . .'",
        'prompt = """\n. . . . . . . . "" . . . . . . \\""" . . . . . . . .\n"""',
        "prompt = '''\n. . . . . . . . '' . . . . . . . . . . . . . .\n'''",
        "a = 1  # . . . . . . . . . . . . . . . . . . . .",
        f"a = [{', '.join(40 * ['1.5'])}]",
        f"a = {{{', '.join(f'k{k}.b = 1.5' for k in range(40))}}}",
        "\n".join(f"[t{k}]\na.b = 1.5" for k in range(40)),
        'prompt = "\\\\"\nother = "a \\" . . . . . . . . . . . . . . . . . ."',
    ],
)
def test_points_in_texts_comments_and_numbers_are_no_keys(text: str) -> None:
    assert longest_key(text) <= 2
    assert parse_toml(text.encode(), "my.toml", "plan") == (text, tomllib.loads(text))


def test_the_parts_of_a_key_are_counted() -> None:
    assert longest_key("a.b.'c.d'.e = 1") == 4
    most = ".".join(MOST_PARTS * "a") + " = 1"
    assert parse_toml(most.encode(), "my.toml", "plan")[1] == tomllib.loads(most)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("start", ['"""', "'''", '"', "'", "#", "a", '"""\\"', "a = ["])
def test_a_text_without_an_end_is_read_in_one_pass(start: str) -> None:
    with pytest.raises(InputError, match=r"^my.toml is no"):
        parse_toml((start + 100_000 * '\\"' + "\n=").encode(), "my.toml", "plan")


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InputError, match=r"^my.toml is no walk file: it is not UTF-8 text"):
        parse_toml(b"\xff", "my.toml", "walk file")
