"""The report as one HTML page without any other file."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from engine.atomic import Existing, write_bytes
from engine.study.cell_files import CellFiles
from engine.study.findings import Findings
from engine.study.report import content
from engine.study.report.plots import forest_figure, measure_figure, svg_of
from engine.study.study import Study

PAGE = "report.html"
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff;
       max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid #ddd; }
svg, img { max-width: 100%; height: auto; }
pre { background: #f4f4f4; padding: 1rem; overflow-x: auto; }
figure { margin: 1rem 0; }
"""


def write_page(study: Study, folder: Path, found: Sequence[Findings]) -> Path:
    """Writes the page into the folder of a study, and returns its path. Raises WriteError."""
    body = "\n".join(_body(study, folder, found))
    title = escape(study.plan.title)
    page = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )
    return write_bytes(folder / PAGE, page.encode(), Existing.REPLACE)


def _body(study: Study, folder: Path, found: Sequence[Findings]) -> Iterator[str]:
    yield f"<h1>{escape(study.plan.title)}</h1>"
    yield f"<p>{escape(content.overview(study, folder))}</p>"
    yield "<h2>Results</h2><ul>"
    for findings in found:
        prefix = content.setting_title(findings, study).partition(" – ")[2]
        for sentence in content.sentences(findings):
            yield f"<li>{escape(f'{prefix}: {sentence}' if prefix else sentence)}</li>"
    yield "</ul>"
    for findings in found:
        yield from _measure(study, findings)
    yield from _samples(study, folder)
    yield f"<h2>Statistics</h2><p>{escape(content.METHOD_TEXT)}</p>"
    yield f"<h2>Plan</h2><pre>{escape(content.plan_text(folder))}</pre>"
    yield f"<h2>Versions</h2>{_table(content.versions(folder))}"


def _measure(study: Study, findings: Findings) -> Iterator[str]:
    yield f"<h2>{escape(content.setting_title(findings, study))}</h2>"
    if findings.comparison.left_out:
        yield f"<p>{findings.comparison.left_out} pairs that lack a value are left out.</p>"
    yield f"<figure>{svg_of(measure_figure(findings))}</figure>"
    yield _table(content.means_table(findings))
    if findings.comparison.differences:
        yield f"<figure>{svg_of(forest_figure(findings))}</figure>"
        yield _table(content.differences_table(findings))


def _samples(study: Study, folder: Path) -> Iterator[str]:
    for number, sample in enumerate(content.samples(study, CellFiles(folder))):
        if not number:
            yield "<h2>Samples</h2>"
        data = base64.b64encode(sample.path.read_bytes()).decode()
        title = escape(sample.title)
        picture = f'<img alt="{title}" src="data:image/png;base64,{data}">'
        yield f"<figure><figcaption>{title}</figcaption>{picture}</figure>"


def _table(table: content.TextTable) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in table.head)
    rows = (f"<tr>{''.join(f'<td>{escape(t)}</td>' for t in row)}</tr>" for row in table.rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
