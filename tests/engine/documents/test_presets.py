"""The article's experiments as files: complete, sound, and they can be rendered."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine import messages as m
from engine.documents.presets import Preset, find_preset, presets, with_own_content
from engine.documents.session_file import decode, encode
from engine.documents.validation import check_exploration
from engine.mailbox import JobControl
from engine.metrics.contract import measures
from engine.models.families.contract import families
from engine.render.renderer import Renderer
from engine.requests import build_request
from engine.store.frame_store import FrameStore
from engine.view import ViewMode
from engine.walk import (
    ARTICLE_PROMPT,
    ARTICLE_SCORING_TEXT,
    Exploration,
    Keyframe,
    NoiseSource,
    Sampling,
    Walk,
    lanes_of,
)
from tests.support.tiny_families import sd3, sdxl
from tests.support.tiny_models import make_tiny_model

ROOT = Path(__file__).parents[3]
ALL = presets()
#: Every method the article walks by, and what draws its figures.
METHODS = {"linear", "normalized", "slerp", "prompt-linear", "std-sweep", "translation", "wipe"}
#: What the loops walk by, besides.
FURTHER = {"spline"}


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(FrameStore())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny", clip=True)


def _of(family: str) -> list[Preset]:
    return [preset for preset in ALL if preset.family == family]


def _find(family: str, slug: str) -> Preset:
    (found,) = (preset for preset in _of(family) if preset.id.endswith(f"-{slug}"))
    return found


def test_both_families_have_every_experiment() -> None:
    titles = [[preset.title for preset in _of(family)] for family in ("starter", "sd14")]
    assert titles[0] == titles[1]
    assert len(set(titles[0])) == len(titles[0])
    for family in ("starter", "sd14"):
        lanes = [lane for preset in _of(family) for lane in lanes_of(preset.exploration)]
        assert {choice.name for lane in lanes for choice in lane.walk.methods} == METHODS | FURTHER
        views = [preset.exploration.view for preset in _of(family)]
        modes = {ViewMode.SINGLE, ViewMode.COMPARE, ViewMode.SHEET, ViewMode.LATENT}
        assert {view.mode for view in views} - {None} == modes
        assert {view.plane for view in views} == {"walk", "toy", "mix"}
        assert [(view.atlas, view.clusters) for view in views if view.atlas] == [(9, 0), (9, 3)]


@pytest.mark.parametrize("preset", _of("sd14"), ids=lambda preset: preset.id)
def test_stable_diffusion_has_the_articles_settings(preset: Preset) -> None:
    exploration = preset.exploration
    assert exploration.sampling == Sampling(steps=30, guidance=7.5, width=512, height=512)
    assert exploration.model == "CompVis/stable-diffusion-v1-4"
    assert exploration.scorer == "openai/clip-vit-large-patch14"
    prompts = {k.prompt for lane in lanes_of(exploration) for k in lane.walk.keyframes}
    article = ARTICLE_SCORING_TEXT if prompts == {ARTICLE_PROMPT} else ""
    assert exploration.scoring_text == article
    assert exploration.walk.keyframes[0].noise == NoiseSource(1, 0)


@pytest.mark.parametrize("family", ["sdxl", "sd3"])
def test_later_models_ask_the_articles_question_with_their_own_settings(family: str) -> None:
    """Is linear still the worst method?"""
    for slug in ("three-pairs", "scores"):
        found, article = _find(family, slug).exploration, _find("sd14", slug).exploration
        assert found.model != article.model
        assert (found.sampling.width, found.sampling.height) == (1024, 1024)
        assert replace(found, model=article.model, sampling=article.sampling) == article
        assert {choice.name for choice in found.compare} == {"linear", "normalized", "slerp"}


def test_later_models_have_the_sampling_that_their_family_recommends() -> None:
    vae = {"block_out_channels": [128, 256, 512, 512]}
    sd35 = {"transformer": {"sample_size": 128, "qk_norm": "rms_norm"}, "vae": vae}
    base = families.get("sdxl").layouts["SDXL"].configs
    for family, configs in (("sdxl", base), ("sd3", sd35)):
        sampling = families.get(family)(configs).sampling()
        assert {preset.exploration.sampling for preset in _of(family)} == {sampling}


@pytest.fixture(scope="module")
def later_models(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Tiny models of the families, each with a scorer."""
    found = {}
    for family, tiny in (("sdxl", sdxl.MODELS[0]), ("sd3", sd3.MODELS[0])):
        found[family] = tiny.write(tmp_path_factory.mktemp(family))
        shutil.copytree(folder / "clip", found[family] / "clip")
    return found


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize("slug", ["01-three-pairs", "02-scores"])
@pytest.mark.parametrize("family", ["sdxl", "sd3"])
def test_the_articles_question_is_rendered_by_later_families(
    later_models: dict[str, Path], family: str, slug: str
) -> None:
    exploration = find_preset(f"{family}-{slug}").exploration
    middle = exploration.walk.frames // 2
    exploration = replace(
        exploration,
        model=str(later_models[family]),
        scorer="",
        sampling=Sampling(steps=2, guidance=4.0, width=64, height=64),
    )
    request = build_request(exploration, 1, exploration.measures)
    request = replace(request, indices=(0, middle - 1, middle), previews=False)
    events = list(Renderer(FrameStore()).run(request, JobControl()))
    assert isinstance(events[-1], m.JobFinished)
    finals = [e for e in events if isinstance(e, m.FrameReady) and e.tier == m.Tier.FINAL]
    assert len(finals) == 3 * len(request.lanes)
    told = {e.name for e in events if isinstance(e, m.MeasureReady)}
    assert told >= set(exploration.measures) - {"latent_std"}
    for frame in finals:
        name = request.lanes[frame.lane].walk.method_of(0).name
        if frame.index == middle - 1:
            continue
        share = 2**-0.5 if name == "linear" and frame.index == middle else 1.0
        assert frame.stats is not None
        assert frame.stats.std == pytest.approx(share, abs=0.1), "as the preset says"


def test_the_analysis_is_the_articles() -> None:
    for family in ("starter", "sd14"):
        preset = _find(family, "scores")
        assert preset.exploration.walk.frames == 300
        assert [c.name for c in preset.exploration.compare] == ["linear", "normalized", "slerp"]
        assert "clip_score" in preset.exploration.measures
        first, last = preset.exploration.walk.keyframes
        assert first.prompt == last.prompt == ARTICLE_PROMPT
        assert first.noise != last.noise


def test_three_pairs_are_rows_of_six_different_noises() -> None:
    lanes = lanes_of(_find("starter", "three-pairs").exploration)
    assert len(lanes) == 9
    assert len({k.noise for lane in lanes for k in lane.walk.keyframes}) == 6


@pytest.mark.parametrize("slug", ["translation", "wipe"])
@pytest.mark.parametrize("family", ["starter", "sd14"])
def test_walks_by_columns_have_a_frame_for_every_column(family: str, slug: str) -> None:
    exploration = _find(family, slug).exploration
    assert exploration.walk.frames == exploration.sampling.width // 8 + 1


def test_s_equal_to_one_is_a_frame_of_the_std_sweep() -> None:
    walk = _find("starter", "std-sweep").exploration.walk
    assert 0.5 in {walk.time_of(k) for k in range(walk.frames)}


@pytest.mark.parametrize("preset", ALL, ids=lambda preset: preset.id)
def test_a_preset_is_a_session(preset: Preset) -> None:
    assert decode(encode(preset.exploration))[0] == preset.exploration
    assert preset.about.endswith((".", "?"))
    assert set(preset.exploration.measures) <= set(measures.names())


@pytest.mark.parametrize("preset", _of("starter"), ids=lambda preset: preset.id)
def test_a_preset_can_be_rendered_with_its_measures(
    preset: Preset, renderer: Renderer, folder: Path
) -> None:
    request = m.RenderRequest(
        job=1,
        model=str(folder),
        lanes=lanes_of(preset.exploration),
        sampling=Sampling(steps=2, guidance=1.0, width=32, height=32),
        indices=(0, 1),
        measures=preset.exploration.measures,
        scoring_text="a cat",
    )
    events = list(renderer.run(request, JobControl()))
    assert isinstance(events[-1], m.JobFinished)
    done = {(e.lane, e.index) for e in events if isinstance(e, m.FrameReady) and e.tier == 3}
    assert done == {(lane, k) for lane in range(len(request.lanes)) for k in (0, 1)}
    told = {e.name for e in events if isinstance(e, m.MeasureReady)}
    assert told == set(preset.exploration.measures)


def test_a_grid_shows_what_each_prompt_alone_would(renderer: Renderer, folder: Path) -> None:
    """A frame for each prompt is the plain picture of that prompt, bit for bit."""
    exploration = _find("starter", "four-prompts").exploration
    sampling = Sampling(steps=2, guidance=4.0, width=32, height=32)
    request = m.RenderRequest(1, str(folder), lanes_of(exploration), sampling)
    keys = _keys(renderer, request)
    for number, keyframe in enumerate(exploration.walk.keyframes):
        alone = replace(exploration.walk, keyframes=(keyframe, keyframe), frames=1)
        lanes = lanes_of(replace(exploration, walk=alone))
        assert _keys(renderer, replace(request, lanes=lanes)) == [keys[number]]


def _keys(renderer: Renderer, request: m.RenderRequest) -> list[str]:
    events = renderer.run(request, JobControl())
    frames = [e for e in events if isinstance(e, m.FrameReady) and e.tier == m.Tier.FINAL]
    return [frame.key for frame in sorted(frames, key=lambda frame: frame.index)]


def test_listing_them_loads_nothing_heavy() -> None:
    code = (
        "import sys; from engine.documents.presets import presets; presets(); "
        "print(*[x for x in ('torch', 'cv2', 'transformers', 'PySide6') if x in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == []


def test_an_experiment_can_take_the_prompts_and_noises_of_a_walk() -> None:
    """The article's pairs and grids, with what somebody else wants to see in them."""
    ends = Keyframe("a fox", NoiseSource(7, 3)), Keyframe("a hare", NoiseSource(9, 0))
    own = Exploration(walk=Walk(ends, negative="blur"), scoring_text="an animal")
    for preset in ALL:
        mine = with_own_content(preset.exploration, own)
        theirs = [
            k for w in (preset.exploration.walk, *preset.exploration.rows) for k in w.keyframes
        ]
        walks = (mine.walk, *mine.rows)
        made = [keyframe for walk in walks for keyframe in walk.keyframes]
        first = [k for k, t in zip(made, theirs, strict=True) if t.noise == theirs[0].noise]
        assert {k.noise for k in first} == {NoiseSource(7, 3)}
        assert made[0].prompt == "a fox"
        for attribute in ("noise", "prompt"):
            pairs = {
                (getattr(t, attribute), getattr(k, attribute))
                for t, k in zip(theirs, made, strict=True)
            }
            assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
        assert {walk.negative for walk in walks} == {"blur"}
        assert mine.scoring_text == "an animal"
        assert [k.scale for k in made] == [k.scale for k in theirs]
        check_exploration(mine)


@pytest.mark.parametrize("family", ["starter", "sd14"])
def test_the_two_loops_differ_in_their_method_only(family: str) -> None:
    presets_ = [_find(family, f"loop-{kind}") for kind in ("spline", "slerps")]
    assert [preset.even for preset in presets_] == [True, False]
    spline, slerps = (preset.exploration for preset in presets_)
    assert replace(spline, walk=replace(spline.walk, methods=slerps.walk.methods)) == slerps
    keyframes = spline.walk.keyframes
    assert spline.walk.loop
    assert len({k.prompt for k in keyframes}) == len({k.noise for k in keyframes}) == 5
