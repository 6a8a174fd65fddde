"""Texts of several roles: blended role by role, exact at their ends, carried as rows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.conditioning import Conditioning, Role, blend_texts
from engine.geometry.noise import NoiseBank
from engine.geometry.walk_path import WalkPath
from engine.methods.contract import make_method, methods
from engine.models.running.rows import Rows, join_rows, rows_of_texts
from engine.walk import Keyframe, MethodChoice, Walk
from tests.support.texts import make_rich_text

FIRST, LAST = make_rich_text(1, read=2), make_rich_text(2, read=5)


def path(*methods: str) -> WalkPath:
    """A walk from `FIRST` by `LAST` back to `FIRST`, with one method for each half."""
    keys = tuple(Keyframe(prompt) for prompt in ("a", "b", "a"))
    walk = Walk(keys, tuple(MethodChoice(name) for name in methods), frames=9)
    return WalkPath(walk, NoiseBank((4, 2, 2)), {"a": FIRST, "b": LAST, "": make_rich_text(3)})


def test_arrays_are_float32_and_read_only_and_those_given_stay_as_they_are() -> None:
    given = np.arange(6.0).reshape(2, 3).T
    text = Conditioning({Role.MASK: np.ones(3), Role.SEQUENCE: given})
    assert list(text.arrays) == [Role.SEQUENCE, Role.MASK], "in one order, whatever was given"
    for array in text.arrays.values():
        assert array.dtype == np.float32
        assert array.flags.c_contiguous
        assert not array.flags.writeable
    assert given.flags.writeable
    assert text == Conditioning({Role.SEQUENCE: given, Role.MASK: np.ones(3)})
    assert text != Conditioning({Role.SEQUENCE: given})
    assert text != Conditioning({Role.SEQUENCE: given, Role.MASK: np.zeros(3)})


@pytest.mark.parametrize("name", methods.names())
def test_every_method_passes_both_prompts_bit_for_bit(name: str) -> None:
    walk = path(name)
    for time, text in ((0.0, FIRST), (0.5, LAST), (1.0, FIRST)):
        found = walk.conditioning(time)
        for role, array in text.arrays.items():
            assert found.arrays[role].tobytes() == array.tobytes()


@pytest.mark.parametrize("name", methods.names())
def test_every_method_blends_every_role_of_its_own_shape(name: str) -> None:
    found = path(name).conditioning(0.2)
    for role, array in FIRST.arrays.items():
        assert found.arrays[role].shape == array.shape
        assert np.isfinite(found.arrays[role]).all()
        assert not np.array_equal(found.arrays[role], array)


def test_roles_are_blended_by_their_own_rules() -> None:
    straight = path("prompt-linear").conditioning(0.2)  # γ = 0.4 of the first half
    arc = path("prompt-slerp").conditioning(0.2)
    pooled, sequence = Role.POOLED, Role.SEQUENCE
    mixed = {role: 0.6 * FIRST.arrays[role] + 0.4 * LAST.arrays[role] for role in Role}
    assert np.allclose(straight.arrays[pooled], mixed[pooled], atol=1e-6)
    assert np.allclose(straight.arrays[sequence][:2], mixed[sequence][:2], atol=1e-6)
    for text in (straight, arc):
        # Tokens of only one text keep their vectors; their weights grow with their text's share.
        assert np.allclose(text.arrays[sequence][2:], LAST.arrays[sequence][2:], atol=1e-6)
        weights = text.arrays[Role.MASK]
        assert np.allclose(weights, 3.2 * np.array([0.38, 0.38, 0.08, 0.08, 0.08]), atol=1e-6)
    for k in (Role.POOLED, Role.SEQUENCE):
        assert np.linalg.norm(arc.arrays[k]) > np.linalg.norm(straight.arrays[k])


def test_a_rule_sees_each_role_once_in_float64() -> None:
    seen = []

    def rule(role: Role, start: np.ndarray, end: np.ndarray, gamma: float) -> np.ndarray:
        seen.append((role, start.dtype, end.dtype, gamma))
        return start

    found = blend_texts(FIRST, LAST, 0.25, rule)
    assert np.array_equal(found.arrays[Role.POOLED], FIRST.arrays[Role.POOLED])
    assert np.array_equal(found.arrays[Role.SEQUENCE][:2], FIRST.arrays[Role.SEQUENCE][:2])
    assert seen == [(role, np.float64, np.float64, 0.25) for role in Role]


def test_the_share_of_attention_of_a_text_is_that_of_the_walk() -> None:
    """Also if one text is longer: its tokens together have the weight γ of all."""
    alone, other = (
        Conditioning({Role.SEQUENCE: np.eye(6), Role.MASK: mask})
        for mask in (np.array([1.0, 1, 0, 0, 0, 0]), np.array([0.0, 0, 1, 1, 1, 1]))
    )
    for gamma in (0.1, 0.5, 0.9):
        weights = blend_texts(alone, other, gamma, lerp_of_roles).arrays[Role.MASK]
        assert float(weights[2:].sum() / weights.sum()) == pytest.approx(gamma)
        assert float(weights.sum()) == pytest.approx((1 - gamma) * 2 + gamma * 4)
    same = blend_texts(alone, alone, 0.3, lerp_of_roles)
    assert np.array_equal(same.arrays[Role.MASK], alone.arrays[Role.MASK])


def lerp_of_roles(role: Role, start: np.ndarray, end: np.ndarray, gamma: float) -> np.ndarray:
    return (1.0 - gamma) * start + gamma * end


def test_texts_of_whole_tokens_and_different_lengths_stay_both() -> None:
    short, long = (
        Conditioning({Role.SEQUENCE: np.eye(3) * n, Role.MASK: np.arange(3) < n}, whole_tokens=True)
        for n in (1, 2)
    )
    between = blend_texts(short, long, 0.25, lerp_of_roles)
    assert (between.other, between.share) == (long, 0.25)
    named = between.named()
    assert np.array_equal(named["sequence"], short.arrays[Role.SEQUENCE])
    assert np.array_equal(named["other mask"], long.arrays[Role.MASK])
    assert blend_texts(short, long, 0.0, lerp_of_roles) == short
    assert blend_texts(short, long, 1.0, lerp_of_roles) == long
    assert between not in (short, long, blend_texts(short, long, 0.3, lerp_of_roles))
    level = blend_texts(short, short, 0.25, lerp_of_roles)
    assert (level, level.other) == (short, None)
    assert set(rows_of_texts((short, between)).tensors) == set(named)


def test_a_mask_cannot_be_blended_into_no_tokens() -> None:
    method = make_method(MethodChoice("prompt-slerp"))
    ones, none = np.ones(3), np.zeros(3)
    assert np.allclose(method.conditioning(Role.MASK, ones, none, 0.25), 0.75)


def test_rows_hold_every_role_of_every_text() -> None:
    rows = rows_of_texts((FIRST, LAST, FIRST))
    assert len(rows) == 3
    for role, array in LAST.arrays.items():
        assert np.array_equal(rows.tensors[role][1], array)
    room = rows.zeros(4)
    room[1:3] = rows[:2]
    assert {name: tensor.shape[0] for name, tensor in room.tensors.items()} == dict.fromkeys(
        Role, 4
    )
    for role, array in LAST.arrays.items():
        assert np.array_equal(room.tensors[role][2], array)
        assert not room.tensors[role][3].any()


def test_rows_are_picked_split_and_joined_together() -> None:
    rows = Rows({"a": torch.arange(5.0), "b": torch.arange(10.0).reshape(5, 2)})
    assert rows[torch.tensor([4, 0])].tensors["b"].tolist() == [[8.0, 9.0], [0.0, 1.0]]
    parts = rows.split(2)
    assert [len(part) for part in parts] == [3, 2]
    again = join_rows(*parts)
    assert all(torch.equal(again.tensors[name], rows.tensors[name]) for name in rows.tensors)
