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
    for role, first in FIRST.arrays.items():
        mixed = 0.6 * first + 0.4 * LAST.arrays[role]
        assert np.allclose(straight.arrays[role], mixed, atol=1e-6)
    assert np.allclose(arc.arrays[Role.MASK], [1.0, 1.0, 0.4, 0.4, 0.4]), "shares, not vectors"
    for k in (Role.POOLED, Role.SEQUENCE):
        assert np.linalg.norm(arc.arrays[k]) > np.linalg.norm(straight.arrays[k])


def test_a_rule_sees_each_role_once_in_float64() -> None:
    seen = []

    def rule(role: Role, start: np.ndarray, end: np.ndarray, gamma: float) -> np.ndarray:
        seen.append((role, start.dtype, end.dtype, gamma))
        return start

    assert blend_texts(FIRST, LAST, 0.25, rule) == FIRST
    assert seen == [(role, np.float64, np.float64, 0.25) for role in Role]


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
