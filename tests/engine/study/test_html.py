"""The pages of all experiments: one style, whole, and text that stays text."""

from __future__ import annotations

from pathlib import Path

from engine.export.png import encode_png
from engine.study.report.html import html_picture, html_table, write_html
from tests.support.sample_pictures import make_picture


def test_a_page_is_whole_and_its_texts_are_no_html(tmp_path: Path) -> None:
    table = html_table(("Part", "a < b"), [("<b>all</b>", "1")])
    picture = html_picture(encode_png(make_picture(0), {}), 'Seed 1, "A cat"')
    text = write_html(tmp_path / "page.html", "Cat & fox", [table, picture]).read_text("utf-8")
    assert text.startswith("<!doctype html>")
    assert text.endswith("</body></html>\n")
    assert "<title>Cat &amp; fox</title>" in text
    assert "<th>a &lt; b</th>" in text
    assert "<td>&lt;b&gt;all&lt;/b&gt;</td><td>1</td>" in text
    assert '<img alt="Seed 1, &quot;A cat&quot;" src="data:image/png;base64,' in text
