"""The order in which frames are rendered."""

from __future__ import annotations

import pytest

from engine.render.job import Refinement


def _order(count: int, focus: int = 0) -> list[int]:
    refinement = Refinement(count, range(count))
    order = []
    while (index := refinement.next(focus)) is not None:
        order.append(index)
    return order


def test_every_frame_comes_once() -> None:
    for count in (1, 2, 3, 17, 64, 301):
        assert sorted(_order(count)) == list(range(count))


def test_the_ends_come_first_then_the_middle() -> None:
    assert _order(65)[:3] == [0, 64, 32]


def test_after_nine_of_64_frames_every_position_is_within_five_of_one() -> None:
    ready = _order(64)[:9]
    assert max(min(abs(k - r) for r in ready) for k in range(64)) <= 5


def test_the_playhead_comes_before_all() -> None:
    refinement = Refinement(101, range(101))
    refinement.next(0)
    assert refinement.next(70) == 70


@pytest.mark.parametrize("count", [129, 241, 300])
def test_every_second_frame_comes_before_those_between(count: int) -> None:
    order = _order(count)
    last = max(order.index(k) for k in range(0, count, 2))
    assert last <= count // 2 + 1


def test_gaps_near_the_playhead_are_filled_first() -> None:
    refinement = Refinement(129, range(129))
    for _ in range(5):
        refinement.next(0)
    near = [refinement.next(128) for _ in range(2)]
    assert all(k is not None and k > 64 for k in near)


def test_a_frame_given_back_is_handed_out_again() -> None:
    refinement = Refinement(3, range(3))
    taken = [refinement.next(0) for _ in range(3)]
    refinement.give_back(2)
    assert taken == [0, 2, 1]
    assert refinement.left == 1
    assert refinement.next(0) == 2


def test_only_wanted_frames_are_handed_out_and_in_order_when_asked() -> None:
    refinement = Refinement(10, (7, 3, 5))
    assert [refinement.first() for _ in range(4)] == [3, 5, 7, None]
