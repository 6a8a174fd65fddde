"""What the tests of exports share."""

from __future__ import annotations

import pytest

from engine.messages import Image
from tests.support.sample_pictures import make_picture


@pytest.fixture
def walk() -> list[Image]:
    """Twelve frames of 48×64."""
    return [make_picture(index) for index in range(12)]
