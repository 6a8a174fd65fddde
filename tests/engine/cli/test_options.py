"""From options to an exploration: what a session says stays, but for what is given."""

from __future__ import annotations

import argparse
import io
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli.options import add_walk_options, exploration_from, named_model
from engine.cli.progress import ProgressLines
from engine.conditioning import Guiding
from engine.documents.session_file import save_session
from engine.documents.validation import check_exploration, check_sampling
from engine.errors import InputError
from engine.messages import ModelReady
from engine.models.inspection.check import check_model
from engine.models.inspection.report import ModelReport
from engine.walk import Exploration, Keyframe, MethodChoice, NoiseSource, NoiseTerm, Walk, lanes_of
from main import main
from tests.support.scripted_engine import INFO
from tests.support.tiny_models import make_tiny_model

PICKED = Keyframe("a cat", NoiseSource(7, 2), 0.4, (NoiseTerm(NoiseSource(7, 3), 0.9),))
SWEPT = Keyframe("a cat", NoiseSource(8, 0), 1.2)
MIDDLE = Keyframe("a cat", NoiseSource(9, 0))
DOG = ("--prompt", "a dog")
SESSION = Exploration(walk=Walk((PICKED, MIDDLE, SWEPT), frames=5))


@pytest.fixture
def session(tmp_path: Path) -> str:
    return str(save_session(tmp_path / "walk.trail", SESSION))


def _read(*arguments: str) -> Exploration:
    parser = argparse.ArgumentParser()
    add_walk_options(parser)
    parser.add_argument("--method")
    options = parser.parse_args(arguments)
    return exploration_from(options, named_model(options))


def test_a_session_alone_is_what_it_was_saved_as(session: str) -> None:
    assert _read("--session", session) == SESSION


def test_given_noise_takes_the_place_of_a_sum(session: str) -> None:
    keyframes = _read("--session", session, "--draw", "4").walk.keyframes
    assert keyframes[0] == Keyframe("a cat", NoiseSource(7, 4))
    assert keyframes[1:] == (MIDDLE, SWEPT)


def test_a_prompt_reaches_every_keyframe_that_had_the_first_ones(session: str) -> None:
    walk = _read("--session", session, "--prompt", "a dog").walk
    assert {keyframe.prompt for keyframe in walk.keyframes} == {"a dog"}
    assert walk.keyframes[0].blend == PICKED.blend


def test_all_rows_of_a_preset_have_the_given_number_of_frames() -> None:
    lanes = lanes_of(_read("--preset", "starter-01-three-pairs", "--frames", "8"))
    assert len(lanes) >= 3
    assert {lane.walk.frames for lane in lanes} == {8}


def test_method_and_prompts_are_those_of_all_rows_of_a_preset() -> None:
    given = ("--method", "normalized", "--param", "ends=measured", "--negative", "blurry")
    rows = [lane.walk for lane in lanes_of(_read("--preset", "three-pairs", *given, *DOG))]
    assert {row.methods for row in rows} == {(MethodChoice("normalized", (("ends", "measured"),)),)}
    assert {row.negative for row in rows} == {"blurry"}
    assert {k.prompt for row in rows for k in row.keyframes} == {"a dog"}
    assert len({row.keyframes[0].noise for row in rows}) == len(rows) == 3


def test_prompts_that_are_not_the_first_one_stay_in_all_rows() -> None:
    before, after = (_read("--preset", "prompts-by-noises", *more) for more in ((), DOG))
    (first, *others), *rows = ([k.prompt for k in lane.walk.keyframes] for lane in lanes_of(before))
    assert all(row == [first, *others] for row in rows)
    for lane in lanes_of(after):
        assert [k.prompt for k in lane.walk.keyframes] == ["a dog", *others]


def test_parameters_belong_to_one_method(tmp_path: Path) -> None:
    compare = (MethodChoice("linear"), MethodChoice("std-sweep"))
    several = str(save_session(tmp_path / "several.trail", Exploration(compare=compare)))
    with pytest.raises(InputError, match="several are compared"):
        _read("--session", several, "--param", "low=0.2")
    alone = str(save_session(tmp_path / "alone.trail", Exploration(compare=compare[1:])))
    read = _read("--session", alone, "--param", "low=0.2")
    assert read.compare == (MethodChoice("std-sweep", (("low", "0.2"),)),)
    check_exploration(read)


def test_the_solvers_are_listed_by_the_kind_of_model(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _read("--help")
    text = " ".join(capsys.readouterr().out.split())
    assert "for diffusion models: ddim, dpm++2m, dpm++2m-karras, euler, scheduler" in text
    assert "for flow models: flow-dpm++2m, flow-euler, scheduler" in text


@pytest.mark.parametrize("command", ["render", "score"])
def test_a_command_locates_and_checks_its_model_once(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[Path] = []

    def counted(path: Path, half: bool = False) -> ModelReport:
        checked.append(path)
        return check_model(path, half)

    monkeypatch.setattr("engine.models.locate.check_model", counted)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = make_tiny_model(tmp_path / "tiny")
    common = ["--model", str(folder), "--frames", "2", "--steps", "1", "--device", "cpu"]
    more = {
        "render": ["--out", str(tmp_path / "out")],
        "score": ["--methods", "slerp", "--measures", "latent_std"],
    }
    assert main([command, *common, *more[command], "--width", "32", "--height", "32"]) == 0
    assert checked == [folder]


def test_the_command_line_says_which_solver_stands_in() -> None:
    stream = io.StringIO()
    with ProgressLines(stream) as lines:
        lines.show(ModelReady(1, replace(INFO, replaced="PNDMScheduler")))
        lines.show(ModelReady(1, INFO))
    stands_in, equal = stream.getvalue().splitlines()
    assert "default solver: DPM-Solver++ 2M, in place of the model's PNDMScheduler" in stands_in
    assert "--solver scheduler" in stands_in
    assert equal.endswith("default solver: DPM-Solver++ 2M")


@pytest.mark.parametrize(
    ("guiding", "words"),
    [
        (Guiding.APART, "DPM-Solver++ 2M"),
        (Guiding.EMBEDDED, "; it has no negative prompt"),
        (Guiding.NONE, "; guidance and a negative prompt have no effect"),
    ],
)
def test_the_command_line_says_which_settings_have_no_effect(guiding: Guiding, words: str) -> None:
    stream = io.StringIO()
    with ProgressLines(stream) as lines:
        lines.show(ModelReady(1, replace(INFO, guiding=guiding)))
    assert stream.getvalue().strip().endswith(words)


def test_an_empty_prompt_at_the_end_is_a_prompt(session: str) -> None:
    walk = _read("--prompt", "a dog", "--prompt-end", "").walk
    assert [keyframe.prompt for keyframe in walk.keyframes] == ["a dog", ""]
    assert _read("--session", session, "--prompt-end", "").walk.keyframes[-1].prompt == ""


@pytest.mark.parametrize("name", ["toy", "sd14-09-toy", "starter-09-toy"])
def test_a_preset_without_frames_is_not_rendered(name: str) -> None:
    with pytest.raises(InputError, match="a plot in the window"):
        _read("--preset", name)


def test_a_prompt_replaces_prompts_with_own_times(tmp_path: Path) -> None:
    path = tmp_path / "walk.toml"
    text = '[[keyframe]]\n[[keyframe]]\n[[prompts]]\ntime = 0.5\nprompt = "a cat"\n'
    path.write_text(text)
    assert len(_read("--walk", str(path)).walk.prompts) == 1
    walk = _read("--walk", str(path), "--prompt", "a dog").walk
    assert walk.prompts == ()
    assert {keyframe.prompt for keyframe in walk.keyframes} == {"a dog"}


def test_a_walk_file_gives_the_walk_and_options_change_it(session: str, tmp_path: Path) -> None:
    path = tmp_path / "walk.toml"
    path.write_text("frames = 7\nloop = true\n[[keyframe]]\nseed = 1\n[[keyframe]]\nseed = 2\n")
    exploration = _read("--session", session, "--walk", str(path), "--frames", "9")
    walk = exploration.walk
    assert (walk.loop, walk.frames) == (True, 9)
    assert [keyframe.noise.seed for keyframe in walk.keyframes] == [1, 2]
    assert exploration.sampling == SESSION.sampling


def test_shared_steps_are_an_option_within_its_limit(session: str) -> None:
    given = _read("--session", session, "--shared-steps", "0.5").sampling
    assert given == replace(SESSION.sampling, shared_steps=0.5)
    with pytest.raises(InputError, match="share of shared steps"):
        check_sampling(_read("--session", session, "--shared-steps", "0.9").sampling)
