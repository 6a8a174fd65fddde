"""Pacing, even steps, a wanted speed, tipping points and the certificate."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.geometry.noise import NoiseBank
from engine.geometry.walk_path import WalkPath
from engine.metrics.contract import largest_step, variation
from engine.pacing.certificate import certify, turn_at
from engine.pacing.curve import Values, knots_of
from engine.pacing.even_out import MOST_ROUNDS, EvenOut, retimed
from engine.pacing.profiles import PROFILES, find_profile
from engine.pacing.tipping_points import tipping_points
from engine.timing import EASINGS, Pace, check_pacing, pace, share_of
from engine.walk import Keyframe, MethodChoice, NoiseSource, Walk


def _place(time: Values) -> Values:
    """A picture as one number, which leaps near 0.37."""
    place: Values = time + 4.0 * np.tanh((time - 0.37) / 0.01)
    return place


def _steps(times: Values) -> Values:
    steps: Values = np.abs(np.diff(_place(times)))
    return steps


EVEN = np.linspace(0.0, 1.0, 61)


# ── the curve ───────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.floats(0.001, 1.0), min_size=3, max_size=40))
def test_a_pacing_gives_the_times_that_it_was_made_of(gaps: list[float]) -> None:
    times = np.concatenate(([0.0], np.cumsum(gaps))) / sum(gaps)
    times[-1] = 1.0
    pacing = knots_of(times)
    shares = np.linspace(0.0, 1.0, times.size)
    assert np.allclose([pace(pacing, s) for s in shares], times, atol=1e-9)
    assert np.allclose([share_of(pacing, t) for t in times], shares, atol=1e-7)


def test_even_times_need_no_knots() -> None:
    assert knots_of(EVEN) == ()
    assert pace((), 0.3) == share_of((), 0.3) == 0.3


def test_a_time_that_is_held_has_its_first_share() -> None:
    held = ((0.25, 0.5), (0.75, 0.5))
    assert pace(held, 0.5) == 0.5
    assert share_of(held, 0.5) == 0.25


@pytest.mark.parametrize(
    "pacing",
    [
        ((0.5, 1.2),),
        ((0.5, -0.1),),
        ((0.5, 0.6), (0.7, 0.4)),
        ((0.5, 0.2), (0.5, 0.4)),
        ((1.0, 0.5),),
        ((0.5, math.nan),),
    ],
)
def test_a_curve_that_runs_back_or_outside_is_refused(
    pacing: tuple[tuple[float, float], ...],
) -> None:
    with pytest.raises(InputError, match="pacing"):
        check_pacing(pacing)


# ── even steps ──────────────────────────────────────────────────────────────────────────────────


def test_known_steps_become_equal() -> None:
    """With steps in proportion to the time between frames, one round is exact."""
    times = np.array([0.0, 0.1, 0.4, 1.0])
    assert np.allclose(
        retimed(times, np.array([1.0, 1.0, 2.0])),
        np.interp([0, 4 / 3, 8 / 3, 4], [0, 1, 2, 4], times),
    )


def test_a_leap_is_evened_out_within_the_rounds() -> None:
    work = EvenOut.of(EVEN)
    measured = 0
    while not work.done:
        work, measured = work.measured(_steps(work.times)), measured + 1
    assert measured <= MOST_ROUNDS + 1
    steps = _steps(work.best)
    assert variation(steps) == pytest.approx(work.after)
    assert variation(steps) < variation(_steps(EVEN)) / 2
    assert steps.max() < _steps(EVEN).max() / 2
    assert work.best[0] == 0.0
    assert work.best[-1] == 1.0
    assert (np.diff(work.best) >= 0).all()


def test_the_times_of_the_best_round_are_kept() -> None:
    work = EvenOut.of(np.linspace(0, 1, 5))
    work = work.measured(np.array([1.0, 1.0, 1.0, 2.0]))
    for _ in range(MOST_ROUNDS):
        assert not work.done
        work = work.measured(np.array([1.0, 1.0, 1.0, 50.0]))
    assert work.done
    assert np.array_equal(work.best, np.linspace(0, 1, 5))
    assert np.array_equal(work.times, work.best)


def test_even_walks_are_left_as_they_are() -> None:
    work = EvenOut.of(EVEN).measured(np.ones(60))
    assert work.done
    assert np.array_equal(work.best, EVEN)


def test_a_wanted_speed_is_followed() -> None:
    speed = np.array([0.5, 1.0, 3.0, 1.0, 0.5])
    times = retimed(EVEN, np.ones(60), speed)
    places = (np.arange(60) + 0.5) / 60
    wanted = np.interp(places, np.linspace(0, 1, 5), speed)
    assert np.allclose(np.diff(times) / wanted, np.mean(np.diff(times) / wanted), rtol=0.02)
    assert EvenOut.of(times, speed).measured(np.diff(times)).done


def test_a_wanted_stop_stands_still() -> None:
    times = retimed(EVEN, np.ones(60), np.array([1.0, 0.0, 0.0, 0.0, 1.0]))
    assert np.ptp(times[20:40]) < 1e-12


@pytest.mark.parametrize(
    ("steps", "reason"),
    [(np.full(60, np.nan), "measured"), (np.zeros(60), "same"), (np.ones(3), "measured")],
)
def test_steps_that_say_nothing_are_refused(steps: Values, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        EvenOut.of(EVEN).measured(steps)


@pytest.mark.parametrize("speed", [[1.0], [0.0, 0.0], [1.0, -1.0], [1.0, math.nan]])
def test_a_speed_that_leads_nowhere_is_refused(speed: list[float]) -> None:
    with pytest.raises(InputError, match="speed"):
        retimed(EVEN, np.ones(60), np.array(speed))


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_are_speeds_that_frames_can_follow(name: str) -> None:
    speed = find_profile(name).speed
    assert speed.mean() == pytest.approx(1.0)
    assert speed.min() >= speed.max() / 4.0 - 1e-9
    times = retimed(np.linspace(0, 1, 21), np.ones(20), speed)
    wanted = np.interp((np.arange(20) + 0.5) / 20, np.linspace(0, 1, speed.size), speed) / 20
    assert np.diff(times) == pytest.approx(wanted, rel=0.05)


# ── tipping points and certificate ──────────────────────────────────────────────────────────────


def test_the_leap_is_the_tipping_point() -> None:
    assert tipping_points(EVEN, _steps(EVEN)) == pytest.approx([0.37], abs=1 / 60)
    assert tipping_points(EVEN, np.ones(60)).size == 0
    assert tipping_points(EVEN, np.full(60, np.nan)).size == 0


def test_the_highest_peaks_are_taken_in_order_of_time() -> None:
    steps = np.ones(60)
    steps[[5, 20, 40]] = 3.0, 9.0, 6.0
    assert tipping_points(EVEN, steps, most=2) == pytest.approx([20.5 / 60, 40.5 / 60])


def test_the_change_counts_and_not_the_step() -> None:
    """A step that is long because it takes long is no tipping point."""
    times = np.array([0.0, 0.1, 0.2, 0.6, 0.7, 0.8, 1.0])
    assert tipping_points(times, np.diff(times)).size == 0


def test_a_certificate_has_the_numbers_of_the_walk() -> None:
    steps = np.array([np.nan, 1.0, 1.0, 4.0])
    found = certify(np.array([1.0, 0.995, 1.003]), steps, (89.0, 3.0), 2e-8)
    assert found.typical
    assert found.std_error == pytest.approx(0.005)
    assert found.variation == pytest.approx(variation(steps[1:])) == pytest.approx(math.sqrt(2) / 2)
    assert found.largest == largest_step(steps) == 4.0
    said = found.sentence("slerp", "seen")
    for part in ("slerp: ", "0.5 % from 1, within 1 %", "89°", "(seen)", "71 %", "4.0", "2e-08"):
        assert part in said
    assert set(found.numbers()) == {
        "std_error", "largest_turn", "step_variation", "largest_step", "seam",
    }  # fmt: skip
    assert "seam" not in certify(np.ones(3), steps).numbers()
    unknown = np.full(3, np.nan)
    assert certify(unknown, steps).sentence("a", "seen").startswith("a: the steps")
    assert not certify(np.array([0.7]), steps).typical


def test_a_corner_turns_and_a_circle_does_not() -> None:
    def corner(time: float) -> Values:
        return np.array([min(time, 0.5), max(time - 0.5, 0.0)])

    def circle(time: float) -> Values:
        return np.array([math.cos(2 * math.pi * time), math.sin(2 * math.pi * time)])

    assert turn_at(corner, 0.5) == pytest.approx(90.0, abs=1e-6)
    assert turn_at(corner, 0.3) == pytest.approx(0.0, abs=1e-6)
    assert turn_at(circle, 0.0, loop=True) < 0.01


@pytest.mark.parametrize("segments", [2, 8, 20])
@pytest.mark.parametrize("easing", ["ease-in-out", "ease-out"])
def test_a_turn_is_measured_where_easing_stops_the_walk(segments: int, easing: str) -> None:
    keys = tuple(Keyframe("a", NoiseSource(1, k)) for k in range(segments + 1))
    walk = Walk(keys, (MethodChoice("slerp"),), paces=(Pace(EASINGS[easing]),) * segments)
    path = WalkPath(walk, NoiseBank((4, 16, 16)), {})
    for time in walk.stops()[1:-1]:
        assert turn_at(path.exact_latent, time) == pytest.approx(90.0, abs=6.0)
