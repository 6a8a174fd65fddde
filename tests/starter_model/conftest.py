"""Training's settings of the process end with each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def usual_small_numbers() -> Iterator[None]:
    """Training takes the smallest numbers for 0; other tests do not."""
    yield
    torch.set_flush_denormal(False)
