"""The report as one HTML page without any other file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from engine.study.cell_files import CellFiles
from engine.study.findings import Findings
from engine.study.report import content
from engine.study.report.html import html_picture, html_table, write_html
from engine.study.report.plots import forest_figure, measure_figure, svg_of
from engine.study.study import Study

PAGE = "report.html"


def write_page(study: Study, folder: Path, found: Sequence[Findings]) -> Path:
    """Writes the page into the folder of a study, and returns its path. Raises WriteError."""
    return write_html(folder / PAGE, study.plan.title, _body(study, folder, found))


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
        picture = html_picture(sample.path.read_bytes(), sample.title)
        yield f"<figure><figcaption>{escape(sample.title)}</figcaption>{picture}</figure>"


def _table(table: content.TextTable) -> str:
    return html_table(table.head, table.rows)
