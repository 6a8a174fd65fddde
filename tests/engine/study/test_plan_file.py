"""The plan of a study: what is read, and that each error is one sentence with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InputError
from engine.study.plan_file import MAX_BYTES, load_plan, read_plan
from engine.walk import MethodChoice
from tests.support.sources import ROOT

GOOD = {
    "prompts": '["A cat", "A fox"]',
    "seeds": "{first = 3, last = 5}",
    "methods": '["linear", "slerp"]',
    "frames": "5",
    "measures": '["sharpness", "latent_std"]',
}


def _text(**changes: str) -> bytes:
    return "\n".join(f"{key} = {value}" for key, value in {**GOOD, **changes}.items()).encode()


def test_a_plan_is_read(tmp_path: Path) -> None:
    methods = '["linear", {name = "spline", params = {kind = "natural"}}]'
    plan = read_plan(_text(guidance="[1, 4.5]", methods=methods), "plan.toml", tmp_path)
    assert list(plan.seeds) == [3, 4, 5]
    assert plan.guidances == (1.0, 4.5)
    assert plan.methods[1] == MethodChoice("spline", (("kind", "natural"),))


def test_prompts_come_from_a_file_beside_the_plan(tmp_path: Path) -> None:
    (tmp_path / "prompts.txt").write_text("A cat\n\n  A fox \n", "utf-8")
    lines = _text().replace(b'prompts = ["A cat", "A fox"]', b'prompts_file = "prompts.txt"')
    assert read_plan(lines, "plan.toml", tmp_path).prompts == ("A cat", "A fox")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"methods": '["linear", "slrp"]'}, "plan.toml, line 3: There is no method called"),
        ({"measures": '["sharpnes"]'}, "line 5: There is no measure called 'sharpnes'; did you"),
        ({"seeds": "{first = 5, last = 3}"}, "line 2: The range of seeds from 5 to 3 is empty"),
        ({"seeds": "[]"}, "line 2: The list of seeds is empty"),
        ({"prompts": "[]"}, "line 1: The list of prompts is empty"),
        ({"seeds": "[-1]"}, "line 2: A seed is a whole number from 0"),
        ({"seeds": "[1, 1]"}, "line 2: seeds has 1 twice"),
        ({"frames": "-5"}, "line 4: frames takes a whole number from 1"),
        ({"frames": "1.5"}, "line 4: frames takes a whole number, not 1.5"),
        ({"frames": "1", "measures": '["step_length"]'}, "line 4: A measure of steps needs 2"),
        ({"guidance": "-2"}, "line 6: The guidance must be a number from 0 to 100"),
        ({"guidance": "[nan]"}, "line 6: The guidance must be"),
        ({"guidance": "1" + 400 * "0"}, "line 6: A number of guidance is too large"),
        ({"frames": "1" + 5000 * "0"}, "plan.toml is no valid TOML"),
        ({"seeds": f"{{first = 0, last = {2**63}}}"}, "line 2: The range of seeds has more than"),
        ({"solver": '"eulr"'}, "did you mean 'euler'"),
        ({"step": "5"}, "line 6: There is no key 'step'; did you mean 'steps'?"),
        ({"prompts": '[""]', "measures": '["clip_score"]'}, "line 1: An empty prompt cannot"),
        ({"prompts_file": '"none.txt"'}, "line 6: Give prompts or prompts_file"),
        ({"methods": '[{nam = "slerp"}]'}, "line 3: A method is a name or"),
        ({"methods": '["slerp", {name = "slerp"}]'}, "line 3: methods has 'slerp' twice"),
        (
            {
                "methods": """[{name = "wander", params = {seed = 1}},
                {name = "wander", params = {seed = "1"}}]"""
            },
            "line 3: methods has 'wander (seed=1)' twice",
        ),
        ({"methods": '[{name = "spline", params = {kind = "x"}}]'}, "line 3: "),
    ],
)
def test_an_error_is_one_sentence_with_its_line(
    changes: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as error:
        read_plan(_text(**changes), "plan.toml", tmp_path)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_byte_order_mark_is_no_part_of_a_plan(tmp_path: Path) -> None:
    plan = read_plan(b"\xef\xbb\xbf" + _text(), "plan.toml", tmp_path)
    assert plan.prompts == ("A cat", "A fox")


def test_long_lists_are_read_quickly_and_a_file_of_prompts_is_never_cut(tmp_path: Path) -> None:
    numbers = ",".join(map(str, range(100_000)))
    assert len(read_plan(_text(seeds=f"[{numbers}]"), "plan.toml", tmp_path).seeds) == 100_000
    (tmp_path / "prompts.txt").write_bytes(b"A cat\n" * (MAX_BYTES // 6 + 1))
    lines = _text().replace(b'prompts = ["A cat", "A fox"]', b'prompts_file = "prompts.txt"')
    with pytest.raises(InputError, match=r"prompts.txt has more than 1,048,576 bytes"):
        read_plan(lines, "plan.toml", tmp_path)


def test_missing_parts_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs seeds"):
        read_plan(b'prompts = ["A cat"]\nmethods = ["slerp"]', "plan.toml", tmp_path)
    with pytest.raises(InputError, match="no valid TOML"):
        read_plan(b"prompts = [", "plan.toml", tmp_path)


@pytest.mark.parametrize("path", sorted((ROOT / "resources" / "studies").glob("*.toml")))
def test_the_plans_that_ship_are_valid_and_large_enough(path: Path) -> None:
    """The issue's size: at least 200 pairs, 5 prompts, 21 γ, and the four methods."""
    plan, data = load_plan(path)
    assert data == path.read_bytes()
    assert len(plan.seeds) >= 200
    assert len(plan.prompts) >= 5
    assert plan.frames >= 21
    names = [choice.name for choice in plan.methods]
    assert names == ["linear", "normalized", "slerp", "spline"]
