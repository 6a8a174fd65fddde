"""The frames of several lanes become moments, in order, from any thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.errors import Cancelled, InputError
from engine.export.moments import ASKED_AT_ONCE, Moments
from tests.support.sample_pictures import make_picture

PICTURES = {
    f"{lane}-{index}": make_picture(index, lane=lane) for lane in (0, 1) for index in range(4)
}


def numbers(moments: Moments) -> list[int]:
    return [index for index, _ in moments.ready()]


def test_a_moment_is_ready_when_all_lanes_are_and_those_before_it() -> None:
    moments = Moments(2, (0, 1, 2), PICTURES.get)
    moments.put(0, 1, "0-1")
    moments.put(1, 1, "1-1")
    moments.put(1, 0, "1-0")
    assert numbers(moments) == []
    moments.put(0, 0, PICTURES["0-0"])
    [first, second] = moments.ready()
    assert first[0] == 0
    assert first[1][1] is PICTURES["1-0"]
    assert second[0] == 1
    moments.skip(2)
    assert numbers(moments) == []


def test_only_the_wanted_frames_come() -> None:
    moments = Moments(1, (1, 3), PICTURES.get)
    for index in range(4):
        moments.put(0, index, f"0-{index}")
    assert numbers(moments) == [1, 3]


def test_a_frame_that_was_forgotten_is_asked_for() -> None:
    kept = dict(PICTURES)
    moments = Moments(1, range(4), kept.get)
    for index in range(4):
        moments.put(0, index, f"0-{index}")
    del kept["0-2"]
    asked: list[tuple[int, ...]] = []

    def answer(indices: tuple[int, ...]) -> None:
        asked.append(indices)
        moments.put(0, indices[0], PICTURES["0-2"])
        moments.put(0, indices[0], "0-2")  # a key without a picture

    found = list(moments.wait(answer))
    assert [index for index, _ in found] == [0, 1, 2, 3]
    assert found[2][1][0] is PICTURES["0-2"]
    assert asked == [(2, 3)]


def test_no_more_is_asked_for_than_fits_in_memory() -> None:
    moments = Moments(1, range(100), PICTURES.get)
    asked: list[tuple[int, ...]] = []

    def answer(indices: tuple[int, ...]) -> None:
        asked.append(indices)
        for index in indices:
            moments.put(0, index, PICTURES["0-0"])

    assert len(list(moments.wait(answer))) == 100
    assert max(map(len, asked)) == ASKED_AT_ONCE


@pytest.mark.parametrize("how", ["fails", "cancelled"])
def test_whoever_waits_is_told_that_nothing_comes(how: str) -> None:
    moments = Moments(1, range(4), PICTURES.get)
    moments.put(0, 0, "0-0")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: list(moments.wait(lambda _: None)))
        if how == "fails":
            moments.fail("no memory")
            with pytest.raises(InputError, match="no memory"):
                waiting.result(timeout=10)
        else:
            moments.cancel()
            with pytest.raises(Cancelled):
                waiting.result(timeout=10)


def test_what_is_there_is_written_although_the_rest_failed() -> None:
    moments = Moments(1, (0, 1), PICTURES.get)
    for index in (0, 1):
        moments.put(0, index, f"0-{index}")
    moments.fail("the walk changed")
    assert [index for index, _ in moments.wait(lambda _: None)] == [0, 1]


def test_a_cancelled_export_takes_nothing_more_although_all_is_there() -> None:
    moments = Moments(1, (0, 1), PICTURES.get)
    for index in (0, 1):
        moments.put(0, index, f"0-{index}")
    taken = moments.wait(lambda _: None)
    assert next(taken)[0] == 0
    moments.cancel()
    with pytest.raises(Cancelled):
        next(taken)
