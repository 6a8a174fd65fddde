"""Measures beside the rendering: right, complete, from pictures that are there already."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image as PillowImage
from transformers import CLIPImageProcessor, CLIPModel, CLIPTokenizer

from engine import messages as m
from engine.mailbox import JobControl
from engine.metrics.contract import measures
from engine.models.clip import Scorer
from engine.pictures.picture_distance import distance, pyramid_of
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.walk import Keyframe, Lane, MethodChoice, NoiseSource, Sampling, Walk, with_method
from tests.support.tiny_models import make_tiny_clip, make_tiny_model

SAMPLING = Sampling(steps=2, guidance=4.0, width=32, height=32)
WALK = Walk((Keyframe("a cat"), Keyframe("a cat", NoiseSource(1, 1))), frames=9)
UNSAID = replace(WALK, keyframes=(Keyframe("a cat"), Keyframe("", NoiseSource(1, 1))))
#: What the tiny CLIP, whose weights are random, finds alike, and what it finds opposed.
TEXT, UNLIKE = "dog", "a can of cats"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny", clip=True)


def _lanes(*methods: str, walk: Walk = WALK) -> tuple[Lane, ...]:
    return tuple(Lane(name, with_method(walk, MethodChoice(name))) for name in methods)


def _request(folder: Path, *names: str, **changes: Any) -> m.RenderRequest:
    request = m.RenderRequest(
        1, str(folder), _lanes("linear"), SAMPLING, measures=names, scoring_text=TEXT
    )
    return replace(request, **changes)


def _run(request: m.RenderRequest, store: FrameStore | None = None) -> list[m.Event]:
    return list(Renderer(store or FrameStore()).run(request, JobControl()))


def _values(events: list[m.Event]) -> dict[tuple[str, int, int], float]:
    measured = [e for e in events if isinstance(e, m.MeasureReady)]
    values = {(e.name, e.lane, e.index): e.value for e in measured}
    assert len(values) == len(measured), "a value was told twice"
    return values


def _finals(events: list[m.Event]) -> Iterator[m.FrameReady]:
    return (e for e in events if isinstance(e, m.FrameReady) and e.tier == m.Tier.FINAL)


def _score(folder: Path, picture: Path, text: str) -> float:
    """What transformers makes of an exported picture."""
    model = CLIPModel.from_pretrained(folder)
    words = CLIPTokenizer.from_pretrained(folder)([text], padding="max_length", return_tensors="pt")
    pixels = CLIPImageProcessor.from_pretrained(folder)(
        PillowImage.open(picture), return_tensors="pt"
    )
    with torch.inference_mode():
        output = model(**words, pixel_values=pixels["pixel_values"])
    cosine = float(output.text_embeds[0] @ output.image_embeds[0])
    return max(100.0 * cosine, 0.0)


def test_clip_scores_equal_transformers_on_the_exported_pictures(
    folder: Path, tmp_path: Path
) -> None:
    events = _run(_request(folder, "clip_score"))
    values = _values(events)
    assert len(values) == WALK.frames
    assert min(values.values()) > 1.0
    for frame in _finals(events):
        if frame.index % 4 == 0:
            PillowImage.fromarray(frame.image).save(tmp_path / "frame.png")
            expected = _score(folder / "clip", tmp_path / "frame.png", TEXT)
            assert values["clip_score", 0, frame.index] == pytest.approx(expected, abs=1e-3)


def _direction(folder: Path, text: str) -> Any:
    """What transformers makes of a text."""
    model = CLIPModel.from_pretrained(folder)
    words = CLIPTokenizer.from_pretrained(folder)([text], padding="max_length", return_tensors="pt")
    with torch.inference_mode():
        row = model.get_text_features(**words).pooler_output[0].double()
    return row / row.norm()


def _looks(folder: Path, image: m.Image) -> Any:
    """What transformers makes of a picture."""
    pixels = CLIPImageProcessor.from_pretrained(folder)(
        PillowImage.fromarray(image), return_tensors="pt"
    )
    with torch.inference_mode():
        row = CLIPModel.from_pretrained(folder).get_image_features(**pixels).pooler_output[0]
    return row.double() / row.double().norm()


def test_without_a_text_of_its_own_the_score_follows_the_prompts_of_the_walk(folder: Path) -> None:
    """Each frame is scored with its own prompt; between two of them, with both in their shares."""
    first, middle, last = "dog", "a can of cats", "cat"
    noises = [NoiseSource(1, k) for k in range(3)]
    keys = tuple(map(Keyframe, (first, middle, last), noises))
    three = replace(WALK, keyframes=keys)
    alone = replace(WALK, keyframes=(Keyframe(first), Keyframe(first, noises[1])))
    lanes = (Lane("three", three), Lane("alone", alone))
    events = _run(_request(folder, "clip_score", lanes=lanes, scoring_text=""))
    values = _values(events)
    texts = {text: _direction(folder / "clip", text) for text in (first, middle, last)}
    shares = {0: {first: 1.0}, 1: {first: 0.75, middle: 0.25}, 4: {middle: 1.0}, 8: {last: 1.0}}
    shares[6] = {middle: 0.5, last: 0.5}
    for frame in _finals(events):
        parts = {first: 1.0} if frame.lane else shares.get(frame.index, {})
        if not parts:
            continue
        looks = _looks(folder / "clip", frame.image)
        cosine = sum(share * float(texts[text] @ looks) for text, share in parts.items())
        expected = max(100.0 * cosine, 0.0)
        assert values["clip_score", frame.lane, frame.index] == pytest.approx(expected, abs=1e-3)


def test_a_picture_opposed_to_the_text_scores_0(folder: Path) -> None:
    values = _values(_run(_request(folder, "clip_score", scoring_text=UNLIKE, indices=(0, 4))))
    assert list(values.values()) == [0.0, 0.0]


def test_all_measures_of_all_lanes_are_complete_and_follow_their_frames(folder: Path) -> None:
    lanes = _lanes("linear", "slerp")
    events = _run(_request(folder, *measures.names(), lanes=lanes))
    values = _values(events)
    steps = {"step_length", "local_change", "clip_step"}
    for name in measures.names():
        first = 1 if name in steps else 0
        for lane in range(2):
            told = {index for n, k, index in values if (n, k) == (name, lane)}
            assert told == set(range(first, WALK.frames))
    there: set[tuple[int, int]] = set()
    for event in events:
        if isinstance(event, m.FrameReady) and event.tier == m.Tier.FINAL:
            there.add((event.lane, event.index))
        if isinstance(event, m.MeasureReady):
            assert (event.lane, event.index) in there
    assert isinstance(events[-1], m.JobFinished)


@pytest.mark.parametrize("in_order", [True, False])
def test_steps_are_distances_of_neighbours_whatever_came_first(
    folder: Path, in_order: bool
) -> None:
    events = _run(_request(folder, "step_length", "local_change", in_order=in_order))
    values = _values(events)
    looks = {frame.index: pyramid_of(frame.image) for frame in _finals(events)}
    for k in range(1, WALK.frames):
        expected = distance(looks[k - 1], looks[k])
        assert values["step_length", 0, k] == pytest.approx(expected, rel=1e-5)
        assert values["local_change", 0, k] == pytest.approx(8 * expected, rel=1e-5)


def test_local_change_is_a_speed_in_loops_and_uneven_walks_too(folder: Path) -> None:
    walk = replace(WALK, loop=True, pacing=((0.0, 0.0), (0.5, 0.25), (1.0, 1.0)))
    request = _request(folder, "step_length", "local_change", lanes=_lanes("linear", walk=walk))
    values = _values(_run(request))
    times = (*walk.times_of_frames(), 1.0)
    for k in range(walk.frames):
        time = times[k] - times[k - 1] if k else 1.0 - times[walk.frames - 1]
        expected = values["step_length", 0, k] / time
        assert values["local_change", 0, k] == pytest.approx(expected, rel=1e-5)


def test_a_step_that_takes_no_time_has_no_speed(folder: Path) -> None:
    walk = replace(WALK, pacing=((0.5, 0.0),))
    values = _values(_run(_request(folder, "local_change", lanes=_lanes("linear", walk=walk))))
    assert math.isnan(values["local_change", 0, 1])
    assert values["local_change", 0, WALK.frames - 1] > 0


@pytest.mark.parametrize("in_order", [True, False])
def test_a_loop_has_a_step_from_its_last_frame_to_its_first(folder: Path, in_order: bool) -> None:
    lanes = _lanes("slerp", walk=replace(WALK, loop=True))
    events = _run(_request(folder, "step_length", lanes=lanes, in_order=in_order))
    values = _values(events)
    looks = {frame.index: pyramid_of(frame.image) for frame in _finals(events)}
    seam = distance(looks[WALK.frames - 1], looks[0])
    assert values["step_length", 0, 0] == pytest.approx(seam, rel=1e-5)
    assert len(values) == WALK.frames


def test_steps_in_clips_space_are_angles(folder: Path, tmp_path: Path) -> None:
    events = _run(_request(folder, "clip_step"))
    model = CLIPModel.from_pretrained(folder / "clip")
    prepare = CLIPImageProcessor.from_pretrained(folder / "clip")
    pictures = [f.image for f in sorted(_finals(events), key=lambda f: f.index)]
    pixels = prepare([PillowImage.fromarray(p) for p in pictures], return_tensors="pt")
    with torch.inference_mode():
        rows = model.get_image_features(**pixels).pooler_output.double()
    rows = rows / rows.norm(dim=-1, keepdim=True)
    values = _values(events)
    for k in range(1, WALK.frames):
        angle = math.degrees(math.acos(min(float(rows[k - 1] @ rows[k]), 1.0)))
        assert values["clip_step", 0, k] == pytest.approx(angle, abs=1e-2)


def test_frames_that_are_there_are_measured_without_being_made_again(folder: Path) -> None:
    store = FrameStore()
    fresh = _values(_run(_request(folder, "clip_score", "step_length", "sharpness"), store))
    renderer = Renderer(store)
    request = _request(folder, "clip_score", "step_length", "sharpness")
    again = list(renderer.run(request, JobControl()))
    assert [frame.cached for frame in _finals(again)] == [True] * WALK.frames
    assert not any(isinstance(event, m.Progress) for event in again)
    assert _values(again) == pytest.approx(fresh, abs=1e-4)


def test_pictures_are_never_looked_at_twice(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.models.clip import Scorer

    seen, honest = [], Scorer.images

    def count(self: Scorer, images: Any) -> Any:
        seen.append(len(images))
        return honest(self, images)

    monkeypatch.setattr(Scorer, "images", count)
    renderer = Renderer(FrameStore())
    lanes = _lanes("linear", "normalized", "slerp")
    request = _request(folder, "clip_score", "clip_step", lanes=lanes)
    list(renderer.run(request, JobControl()))
    list(renderer.run(request, JobControl()))
    assert sum(seen) == 3 * WALK.frames - 4, "the three methods share their two ends"
    assert max(seen) > 1


def test_memory_does_not_grow_with_the_walk(folder: Path) -> None:
    """A store that holds one picture is enough when frames come in order."""
    store = FrameStore(memory_bytes=1)
    values = _values(_run(_request(folder, *measures.names(), in_order=True, batch=1), store))
    assert {index for name, _, index in values if name == "step_length"} == set(
        range(1, WALK.frames)
    )
    assert {index for name, _, index in values if name == "clip_step"} == set(range(1, WALK.frames))


def test_another_scorer_can_be_named(folder: Path, tmp_path: Path) -> None:
    own = _values(_run(_request(folder, "clip_score", indices=(0,))))
    other = make_tiny_clip(tmp_path / "clip")
    named = _values(_run(_request(folder, "clip_score", indices=(0,), scorer=str(other))))
    assert own.keys() == named.keys()
    assert own != named


def test_a_cancelled_job_measures_no_more(folder: Path) -> None:
    control, events = JobControl(), []
    for event in Renderer(FrameStore()).run(_request(folder, "clip_score", "sharpness"), control):
        events.append(event)
        if isinstance(event, m.FrameReady) and event.tier == m.Tier.FINAL:
            control.cancel()
    assert not any(isinstance(event, m.MeasureReady) for event in events)
    assert events[-1] == m.JobCancelled(1)


def test_a_scorer_of_the_hub_that_is_not_here_is_named_and_not_fetched(folder: Path) -> None:
    events = _run(_request(folder, "clip_score", "sharpness", scorer="nobody/knows-this-clip"))
    (failure,) = (event for event in events if isinstance(event, m.MeasureFailed))
    assert failure.missing == "nobody/knows-this-clip"
    assert isinstance(events[-1], m.JobFinished)


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        ("clip_score", {"scoring_text": "  ", "lanes": _lanes("linear", walk=UNSAID)}, "empty one"),
        ("clip_score", {"scoring_text": "cat " * 90}, "90 tokens and CLIP reads 75"),
        ("clip_score", {"scorer": "/nowhere/at/all"}, "nowhere"),
        ("step_length", {"lanes": _lanes("linear", walk=replace(WALK, frames=1))}, "only one"),
        ("clip_step", {"lanes": _lanes("linear", walk=replace(WALK, frames=1))}, "only one"),
        ("sharpnes", {}, "did you mean 'sharpness'"),
    ],
)
def test_what_is_undefined_is_left_out_and_the_walk_goes_on(
    folder: Path, name: str, changes: dict[str, Any], sentence: str
) -> None:
    events = _run(_request(folder, name, "sharpness", **changes))
    (failure,) = (event for event in events if isinstance(event, m.MeasureFailed))
    assert failure.name == name
    assert sentence in failure.message
    first = next(k for k, event in enumerate(events) if isinstance(event, m.FrameReady))
    assert events.index(failure) < first
    assert isinstance(events[-1], m.JobFinished)
    frames = {frame.index for frame in _finals(events)}
    assert {(n, k) for n, _, k in _values(events)} == {("sharpness", k) for k in frames}


def test_steps_in_clips_space_need_no_text(folder: Path) -> None:
    lanes = _lanes("linear", walk=UNSAID)
    events = _run(_request(folder, "clip_score", "clip_step", scoring_text="", lanes=lanes))
    assert [e.name for e in events if isinstance(e, m.MeasureFailed)] == ["clip_score"]
    assert {name for name, _, _ in _values(events)} == {"clip_step"}


def test_clip_failing_on_the_way_ends_its_measures_only(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.models.clip import Scorer

    def give_up(self: Scorer, images: Any) -> Any:
        raise RuntimeError("CUDA out of memory\nTried to allocate")

    monkeypatch.setattr(Scorer, "images", give_up)
    events = _run(_request(folder, "clip_score", "clip_step", "sharpness"))
    failed = [event for event in events if isinstance(event, m.MeasureFailed)]
    assert {event.name for event in failed} == {"clip_score", "clip_step"}
    assert len(failed) == 2
    assert "out of memory" in failed[0].message
    assert len(_values(events)) == WALK.frames
    assert isinstance(events[-1], m.JobFinished)


@pytest.mark.parametrize(("in_order", "sizes"), [(True, [8, 1]), (False, [1] * 9)])
def test_clips_batches_follow_the_clock_only_where_a_person_waits(
    folder: Path, monkeypatch: pytest.MonkeyPatch, in_order: bool, sizes: list[int]
) -> None:
    """On a machine so slow that each picture takes longer than the wait for a batch."""
    read, batches, clock = Scorer.images, list[int](), count(0.0, 10.0)

    def images(self: Scorer, pictures: Any) -> Any:
        batches.append(len(pictures))
        return read(self, pictures)

    monkeypatch.setattr(Scorer, "images", images)
    monkeypatch.setattr("engine.measuring.frame_measures.time.monotonic", lambda: next(clock))
    _run(_request(folder, "clip_score", in_order=in_order))
    assert batches == sizes


def test_clip_failing_at_its_texts_ends_what_compares_with_them_only(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up(self: Scorer, text: str) -> Any:
        raise RuntimeError("CUDA out of memory\nTried to allocate")

    monkeypatch.setattr(Scorer, "text", give_up)
    events = _run(_request(folder, "clip_score", "clip_step"))
    (failure,) = (event for event in events if isinstance(event, m.MeasureFailed))
    assert failure.name == "clip_score"
    assert "free some memory" in failure.message
    assert isinstance(events[-1], m.JobFinished)
    assert {name for name, _, _ in _values(events)} == {"clip_step"}


def test_a_model_without_clip_says_what_to_do_and_draws(tmp_path: Path) -> None:
    plain = make_tiny_model(tmp_path / "plain")
    events = _run(_request(plain, "clip_score", "sharpness"))
    (failure,) = (event for event in events if isinstance(event, m.MeasureFailed))
    assert "No CLIP model came with plain" in failure.message
    assert len(_values(events)) == WALK.frames
    assert isinstance(events[-1], m.JobFinished)
