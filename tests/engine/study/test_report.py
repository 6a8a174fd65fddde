"""The report of a study whose values are known: sentences, tables, one page and a PDF."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from engine.cli.study import write_report
from engine.errors import InputError
from engine.export.png import encode_png
from engine.study.cell_files import CellFiles
from engine.study.findings import Findings, compare, study_findings
from engine.study.plan import StudyPlan
from engine.study.report.content import number, sentences
from engine.study.report.figure import figure_of, write_figure
from engine.study.report.plots import measure_label, method_colour
from engine.study.run import FAILED, PLAN, STUDY
from engine.study.study import Study, StudyModel
from engine.study.tables import write_csv, write_table
from engine.walk import MethodChoice, Sampling
from gui.widgets.theme import paper_theme
from tests.support.sample_pictures import make_picture

METHODS = tuple(map(MethodChoice, ("linear", "slerp", "spline")))
PLAN_FILE = 'title = "Linear <or> slerp?"\n'


@pytest.fixture(scope="module")
def study() -> Study:
    plan = StudyPlan(
        title="Linear <or> slerp?",
        prompts=("A cat & a fox", "A fox"),
        seeds=range(20),
        methods=METHODS,
        frames=5,
        measures=("sharpness", "step_length"),
        samples=1,
    )
    models = (StudyModel("starter", "abc", (Sampling(),)),)
    return Study(plan, models, "cpu", "float32", 1)


@pytest.fixture(scope="module")
def page(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Linear is ahead by about 1 in sharpness, and spline equals slerp."""
    folder, generator = tmp_path_factory.mktemp("study"), np.random.default_rng(1)
    files = CellFiles(folder)
    for cell in study.all_cells():
        slerp = generator.normal(size=5)
        linear = slerp + generator.normal(1.0, 0.3)
        steps = [np.array([np.nan, *generator.normal(size=4)]) for _ in METHODS]
        files.write(study, cell, {"sharpness": [linear, slerp, slerp], "step_length": steps})
    files.write_sheet(study, study.cell(0), encode_png(make_picture(0), {}))
    write_table(study, files)
    write_csv(folder)
    (folder / PLAN).write_text(PLAN_FILE, "utf-8")
    (folder / FAILED).write_text("[]", "utf-8")
    described = '{"versions": {"torch": "2.13"}, "python": "3.11", "machine": "x86_64", '
    models = (
        '"device": "cpu", "precision": "float32", "models": [{"location": "s", "identity": ""}]}'
    )
    (folder / STUDY).write_text(described + models, "utf-8")
    return write_report(study, folder)


@pytest.fixture(scope="module")
def found(page: Path, study: Study) -> tuple[Findings, ...]:
    return tuple(study_findings(study, page.parent))


def test_the_page_says_what_was_found(page: Path) -> None:
    text = page.read_text("utf-8")
    assert "Sharpness (%): linear is higher than slerp by" in text
    assert "in 100% of the pairs" in text
    assert "Sharpness (%): slerp and spline have the same values in all frames." in text
    assert "Sharpness (%): linear is higher than spline" not in text
    assert "Linear &lt;or&gt; slerp?" in text
    assert "20 pairs of noises, 2 prompts, 3 methods, 5 γ, 1 model: 600 frames." in text


def test_the_plots_have_the_colours_of_the_window(page: Path) -> None:
    """A study's curves and those of a figure for a paper look alike."""
    theme, text = paper_theme(), page.read_text("utf-8").lower()
    for choice in METHODS:
        assert f"stroke: {theme.method_colour(choice.name).lower()}" in text
    assert method_colour("wipe (softness=2, direction=left)") == method_colour("wipe")
    assert method_colour("of-a-later-version") != method_colour("wipe")


def test_the_page_needs_no_other_file_and_is_whole(page: Path) -> None:
    text = page.read_text("utf-8")
    assert text.count("<svg") == 4
    assert text.count("data:image/png;base64,") == 1
    assert not re.findall(r'(?:src|href)="(?!data:|#)', text.replace("xlink:href", "href"))
    opened: list[str] = []

    class Check(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag in ("table", "figure", "svg", "ul", "body"):
                opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            if tag in ("table", "figure", "svg", "ul", "body"):
                assert opened.pop() == tag

    Check().feed(text)
    assert opened == []


def test_the_pdf_has_a_page_for_each_measure_and_sample(page: Path) -> None:
    data = page.with_name("report.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", data)) == 1 + 2 + 1 + 1 + 1


@pytest.mark.parametrize(
    ("suffix", "start"), [(".pdf", b"%PDF"), (".svg", b"<?xml"), (".png", b"\x89PNG")]
)
def test_the_plots_are_written_as_a_figure_for_a_paper(
    found: tuple[Findings, ...], study: Study, tmp_path: Path, suffix: str, start: bytes
) -> None:
    """Curves in the colours of the methods, and the same bytes each time."""
    path = tmp_path / f"figure{suffix}"
    data = write_figure(study, found, path).read_bytes()
    assert data.startswith(start)
    assert write_figure(study, found, path).read_bytes() == data
    if suffix == ".svg":
        for choice in METHODS:
            assert f"stroke: {method_colour(choice.name).lower()}" in data.decode()


def test_a_figure_has_both_plots_of_each_measure(
    found: tuple[Findings, ...], study: Study, tmp_path: Path
) -> None:
    figure = figure_of(study, found)
    labels = [axes.get_xlabel() for axes in figure.axes]
    ends = [f"{measure_label(each.measure)}, mean over all frames" for each in found]
    assert labels == ["γ", "γ", ends[0], "γ", "γ", ends[1]]
    with pytest.raises(InputError, match=r"ends in .pdf, .svg, .png, not 'figure.jpg'"):
        write_figure(study, found, tmp_path / "figure.jpg")


def test_the_report_is_the_same_each_time(page: Path, study: Study) -> None:
    before = [path.read_bytes() for path in sorted(page.parent.glob("*.*"))]
    write_report(study, page.parent)
    assert [path.read_bytes() for path in sorted(page.parent.glob("*.*"))] == before


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.01234, "0.0123"), (-4.185, "−4.18"), (123.4, "123"), (float("nan"), "–")],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(("pairs", "words"), [(1, "one pair says"), (2, "two pairs say")])
def test_too_few_pairs_for_an_interval_are_counted(pairs: int, words: str) -> None:
    values = np.random.default_rng(1).normal(size=(pairs, 1, 2, 3))
    compared = compare(values, ("linear", "slerp"))
    assert compared is not None
    said = list(sentences(Findings("starter", 1.0, "sharpness", np.arange(3) / 2, compared)))
    assert len(said) == 1
    assert words in said[0]
