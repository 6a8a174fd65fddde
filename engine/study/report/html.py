"""HTML pages that need no other file: the page around its parts, tables, and pictures."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from engine.atomic import Existing, write_bytes

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff;
       max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid #ddd; }
svg, img { max-width: 100%; height: auto; }
pre { background: #f4f4f4; padding: 1rem; overflow-x: auto; }
figure { margin: 1rem 0; }
"""


def write_html(path: Path, title: str, body: Iterable[str]) -> Path:
    """Writes a page with these parts, and returns its path; an existing one is replaced. Raises
    WriteError."""
    text = "\n".join(body)
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n"
        f"{text}\n</body></html>\n"
    )
    return write_bytes(path, page.encode(), Existing.REPLACE)


def html_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of texts."""
    names = "".join(f"<th>{escape(text)}</th>" for text in head)
    lines = (f"<tr>{''.join(f'<td>{escape(t)}</td>' for t in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{names}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def html_picture(png: bytes, text: str = "") -> str:
    """A picture inside the page; `text` stands for it where it cannot be seen."""
    data = base64.b64encode(png).decode()
    return f'<img alt="{escape(text)}" src="data:image/png;base64,{data}">'
