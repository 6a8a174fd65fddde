"""What is refused while a direction is looked for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from engine import messages as m
from engine.dimensions.directions import DirectionPlan, Measure, find_direction
from engine.errors import InputError
from engine.mailbox import JobControl
from engine.render.renderer import Renderer
from engine.requests import Machine
from engine.statistics.intervals import Values
from engine.store.frame_store import FrameStore
from engine.walk import Sampling
from tests.support.tiny_models import make_tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


def _measure(varying: int) -> Measure:
    """A measure of which so many values differ; the others are 1."""
    number = count()

    def measure(images: Sequence[m.Image]) -> Values:
        return np.array([float(n) if (n := next(number)) < varying else 1.0 for _ in images])

    return measure


@pytest.mark.parametrize("varying", [0, 6])
def test_a_measure_that_is_the_same_for_all_seeds_is_refused(model: Path, varying: int) -> None:
    """Also if only the held-out seeds have one value: nothing correlates with it."""
    sampling = Sampling(steps=1, guidance=1.0, width=32, height=32)
    seeds, others = tuple(range(1, 7)), tuple(range(7, 11))
    plan = DirectionPlan(
        str(model), "a", sampling, seeds, others, (-30.0, 30.0), (4, 8, 8), Machine("cpu")
    )
    with pytest.raises(InputError, match="same for all seeds"):
        find_direction(plan, _measure(varying), Renderer(FrameStore()), JobControl())
