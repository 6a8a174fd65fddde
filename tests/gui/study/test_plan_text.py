"""The plan from the current walk is a plan that the command line reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.study.plan_file import read_plan
from engine.walk import MAX_SEED, Exploration, Keyframe, MethodChoice, NoiseSource, Sampling, Walk
from gui.study.plan_text import PAIRS, plan_text


def test_the_walk_of_the_start_becomes_a_plan(tmp_path: Path) -> None:
    plan = read_plan(plan_text(Exploration()).encode(), "plan.toml", tmp_path)
    assert plan.models == ("starter",)
    assert len(plan.seeds) == PAIRS
    assert [choice.name for choice in plan.methods] == ["linear", "normalized", "slerp"]


def test_everything_that_is_chosen_is_in_the_plan(tmp_path: Path) -> None:
    first = Keyframe('A "cat" \\ in\tÄther 🐈', NoiseSource(7))
    spline = MethodChoice("spline", (("kind", "natural"),))
    exploration = Exploration(
        model="/models/a b",
        walk=Walk((first, replace(first, prompt="A fox\x7f")), negative="blurry"),
        compare=(spline, MethodChoice("wipe", (("softness", 2.5),))),
        sampling=Sampling(5, 1.5, 64, 32, "euler"),
        scoring_text="a cat",
        scorer="/clip",
    )
    plan = read_plan(plan_text(exploration).encode(), "plan.toml", tmp_path)
    assert plan.prompts == (first.prompt, "A fox\x7f")
    assert plan.methods == exploration.compare
    assert plan.seeds[0] == 7
    assert (plan.steps, plan.guidances, plan.width, plan.height) == (5, (1.5,), 64, 32)
    assert (plan.solver, plan.negative) == ("euler", "blurry")
    assert (plan.scoring_text, plan.scorer) == ("a cat", "/clip")


def test_the_pairs_after_a_very_high_seed_are_seeds_too(tmp_path: Path) -> None:
    walk = Walk((Keyframe("A cat", NoiseSource(MAX_SEED)),) * 2)
    plan = read_plan(plan_text(Exploration(walk=walk)).encode(), "plan.toml", tmp_path)
    assert (len(plan.seeds), plan.seeds[-1]) == (PAIRS, MAX_SEED)
