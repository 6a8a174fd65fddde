"""The plan of a request: everything that follows from it and the model, worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import messages as m
from engine.conditioning import Conditioning, Role
from engine.errors import Cancelled, InputError
from engine.geometry.projection import describe
from engine.mailbox import JobControl
from engine.models.load import open_model
from engine.models.loaded import DiffusionModel
from engine.render.model_resources import ModelResources
from engine.render.plan import plan_probes, plan_render
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.walk import Keyframe, Lane, MethodChoice, Walk, with_method
from tests.support.render_requests import SAMPLING, WALK, finals_of, make_request
from tests.support.tiny_models import make_tiny_model

LANES = tuple(Lane(name, with_method(WALK, MethodChoice(name))) for name in ("linear", "slerp"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def resources(folder: Path) -> ModelResources:
    return ModelResources(open_model(str(folder), device="cpu"))


def probe_request(folder: Path, **changes: Any) -> m.ProbeRequest:
    return replace(m.ProbeRequest(5, str(folder), WALK, SAMPLING, 0.2, 0.3, 0.5), **changes)


def test_the_same_request_gives_an_equal_plan(folder: Path, resources: ModelResources) -> None:
    request = make_request(folder, lanes=LANES, draft_steps=3, measures=("step_length",))
    assert plan_render(request, resources) == plan_render(replace(request), resources)
    for changes in (
        {"job": 2},
        {"sampling": replace(SAMPLING, guidance=2.0)},
        {"lanes": LANES[:1]},
        {"indices": (0, 1)},
        {"draft_steps": 4},
        {"measures": ()},
        {"in_order": True},
        {"batch": 3},
    ):
        assert plan_render(replace(request, **changes), resources) != plan_render(
            request, resources
        ), changes


def test_the_sampling_becomes_shape_settings_guidance_and_table(
    folder: Path, resources: ModelResources
) -> None:
    sampling = replace(SAMPLING, width=40, guidance_from=0.2, guidance_to=0.8, solver="euler")
    plan = plan_render(make_request(folder, sampling=sampling), resources)
    assert plan.shape == (4, 8, 10)
    found = plan.settings
    assert (found.solver, found.steps, found.guidance) == ("euler", 10, 4.0)
    assert (found.guidance_from, found.guidance_to) == (0.2, 0.8)
    assert (found.device, found.precision) == ("cpu", "torch.float32")
    assert found.model == resources.model.identity
    assert (plan.guidance.scale, plan.guidance.start, plan.guidance.stop) == (4.0, 0.2, 0.8)
    assert plan.table is not None
    assert plan.table.steps == 10
    assert plan.text == resources.text("")


def test_no_solver_is_the_models_own_and_lockstep_has_no_table(
    folder: Path, resources: ModelResources
) -> None:
    plan = plan_render(make_request(folder), resources)
    assert plan.settings.solver == resources.model.solver
    lockstep = make_request(folder, sampling=replace(SAMPLING, solver="scheduler"))
    assert plan_render(lockstep, resources).table is None


def test_lanes_have_their_paths_and_the_frames_that_are_wanted(
    folder: Path, resources: ModelResources
) -> None:
    request = make_request(folder, lanes=(*LANES, Lane("short", replace(WALK, frames=3))))
    plan = plan_render(request, resources)
    assert [lane.path.walk for lane in plan.lanes] == [lane.walk for lane in request.lanes]
    assert [lane.frames for lane in plan.lanes] == [range(7), range(7), range(3)]
    some = plan_render(replace(request, indices=(5, 2, 99, -1)), resources)
    assert [lane.frames for lane in some.lanes] == [(5, 2), (5, 2), (2,)]


def test_frames_are_worked_out_when_they_are_asked_for(
    folder: Path, resources: ModelResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    honest = DiffusionModel.encode
    plan_render(make_request(folder), resources)  # the negative and the empty prompt are known

    def encode(
        self: DiffusionModel, prompts: Sequence[str], negative: bool = False
    ) -> tuple[Conditioning, ...]:
        made.extend(prompts)
        return honest(self, prompts, negative)

    monkeypatch.setattr(DiffusionModel, "encode", encode)
    monkeypatch.setattr("engine.render.plan.frame_key", lambda *_: made.append("key") or "key")
    long = replace(WALK, keyframes=(Keyframe("photo"), Keyframe("photo of")), frames=100_000)
    plan = plan_render(make_request(folder, long), resources)
    assert made == ["photo", "photo of"]
    plan_render(make_request(folder, long), resources)
    assert made == ["photo", "photo of"], "a text is encoded once"
    frame = plan.frame(0, 99_999)
    assert made == ["photo", "photo of", "key"]
    assert (frame.time, frame.key) == (1.0, "key")
    assert np.array_equal(frame.initial, plan.lanes[0].path.latent(1.0))
    assert frame.positive == resources.text("photo of")
    assert frame.negative == resources.text("of a")


def test_batching_is_as_asked_and_says_whether_batches_are_exact(
    folder: Path, resources: ModelResources
) -> None:
    asked = plan_render(make_request(folder, batch=3), resources)
    assert (asked.batching.slots, asked.tunes) == (3, False)
    free = plan_render(make_request(folder), resources)
    assert free.tunes
    assert free.batch_exact == resources.model.batch_exact(free.shape)
    assert resources.model.steady_rows(free.shape) is not None, "measured with the plan"


def test_a_draft_is_the_same_plan_in_fewer_steps(folder: Path, resources: ModelResources) -> None:
    request = make_request(folder, draft_steps=3)
    plan = plan_render(request, resources)
    draft = plan.draft
    assert draft is not None
    assert draft.settings == replace(plan.settings, steps=3)
    assert draft.table is not None
    assert draft.table.steps == 3
    assert replace(draft, settings=plan.settings) == replace(plan, draft=None)
    assert draft.frame(0, 2).key != plan.frame(0, 2).key
    same = plan_render(make_request(folder, sampling=replace(SAMPLING, steps=3)), resources)
    assert draft.frame(0, 2).key == same.frame(0, 2).key
    for steps in (0, SAMPLING.steps, SAMPLING.steps + 1):
        assert plan_render(replace(request, draft_steps=steps), resources).draft is None


def test_measures_are_those_that_are_defined(folder: Path, resources: ModelResources) -> None:
    names = ("latent_std", "clip_score", "clip_step", "step_length")
    request = make_request(
        folder, measures=names, scoring_text="a cat", scorer="some/clip", downloads=("some/clip",)
    )
    plan = plan_render(request, resources).measures
    assert (*plan.chosen,) == names
    assert plan.undefined == {}
    assert (plan.scored, plan.compared) == (("clip_score", "clip_step"), ("clip_score",))
    assert (plan.scoring_text, plan.scorer, plan.downloads) == (
        "a cat",
        "some/clip",
        ("some/clip",),
    )
    single = Lane("one", replace(WALK, frames=1))
    assert plan.texts == ("a cat",)
    plan = plan_render(replace(request, lanes=(single,), scoring_text=" "), resources).measures
    assert (*plan.chosen,) == ("latent_std", "clip_score")
    assert plan.texts == tuple(dict.fromkeys(k.prompt for k in WALK.keyframes))
    without = Keyframe(""), *WALK.keyframes[1:]
    single = Lane("one", replace(single.walk, keyframes=without))
    plan = plan_render(replace(request, lanes=(single,), scoring_text=" "), resources).measures
    assert (*plan.chosen,) == ("latent_std",)
    assert plan.undefined.keys() == {"clip_score", "clip_step", "step_length"}
    assert [walk.frames for walk in plan.walks] == [1]


def test_prompts_that_are_cut_are_named_once(folder: Path, resources: ModelResources) -> None:
    long = "of " * 200
    walk = replace(WALK, keyframes=(Keyframe(long), Keyframe("cat"), Keyframe(long)))
    (cut,) = plan_render(make_request(folder, lanes=(Lane("", walk),) * 2), resources).cut_prompts
    assert (cut.prompt, cut.limit) == (long, resources.model.count(long).limit)
    assert cut.tokens > cut.limit


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sampling": replace(SAMPLING, width=33)}, "multiples of 4 for this model.* use 32×32"),
        ({"sampling": replace(SAMPLING, steps=0)}, "number of steps"),
        ({"sampling": replace(SAMPLING, solver="magic")}, "no solver called 'magic'"),
        ({"lanes": (Lane("x", with_method(WALK, MethodChoice("slrp"))),)}, "did you mean"),
    ],
)
def test_what_the_model_cannot_do_has_no_plan(
    folder: Path, resources: ModelResources, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        plan_render(make_request(folder, **changes), resources)
    if "lanes" not in changes:
        with pytest.raises(InputError, match=sentence):
            plan_probes(probe_request(folder, **changes), resources)


def test_planning_can_be_cancelled(folder: Path, resources: ModelResources) -> None:
    control = JobControl()
    control.cancel()
    with pytest.raises(Cancelled):
        plan_render(make_request(folder), resources, control.check)


def test_a_point_of_the_plane_is_planned_as_a_frame_is(
    folder: Path, resources: ModelResources
) -> None:
    request, point = make_request(folder), probe_request(folder)
    whole, alone = plan_render(request, resources), plan_probes(point, resources)
    assert (alone.settings, alone.shape, alone.guidance) == (
        whole.settings,
        whole.shape,
        whole.guidance,
    )
    assert alone.lanes == ()
    path = whole.lanes[0].path
    x, y = describe(path, 1, 0).frames[3]
    plane = resources.plane(path)
    where = float(x), float(y), 0.5
    negative = resources.negative(path.walk.negative)
    found, frame = alone.point(path, negative, plane, where), whole.frame(0, 3)
    assert np.abs(found.initial - frame.initial).max() < 1e-6
    assert (found.positive, found.negative) == (frame.positive, frame.negative)
    assert found.key == whole.point(path, negative, plane, where).key


@pytest.mark.parametrize("role", Role)
def test_a_frame_depends_on_every_role_that_its_model_has(
    folder: Path, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    """A model with pooled texts and masks needs no change in plan, path, job and sampler."""
    honest, offset = DiffusionModel.encode, dict.fromkeys(Role, 0.0)

    def encode(
        self: DiffusionModel, prompts: Sequence[str], negative: bool = False
    ) -> tuple[Conditioning, ...]:
        found = []
        for prompt, text in zip(prompts, honest(self, prompts, negative), strict=True):
            sequence = text.arrays[Role.SEQUENCE]
            arrays = {
                Role.SEQUENCE: sequence,
                Role.POOLED: sequence[-1],
                Role.MASK: (np.arange(len(sequence)) < len(prompt)).astype(np.float32),
            }
            found.append(Conditioning({r: array + offset[r] for r, array in arrays.items()}))
        return tuple(found)

    monkeypatch.setattr(DiffusionModel, "encode", encode)
    store, request = FrameStore(), make_request(folder, indices=(0, 3, 6))
    first = finals_of(Renderer(store).run(request, JobControl()))
    again = finals_of(Renderer(store).run(request, JobControl()))
    assert all(frame.cached for frame in again.values())
    offset[role] = 1e-3
    other = finals_of(Renderer(store).run(request, JobControl()))
    assert {f.key for f in other.values()}.isdisjoint(f.key for f in first.values())
    assert not any(frame.cached for frame in other.values())


def test_a_walk_of_one_prompt_has_its_text_in_every_frame(
    folder: Path, resources: ModelResources
) -> None:
    walk = Walk((Keyframe("a cat"), Keyframe("a cat")), frames=5)
    plan = plan_render(make_request(folder, walk), resources)
    assert all(plan.frame(0, k).positive is resources.text("a cat") for k in range(5))
