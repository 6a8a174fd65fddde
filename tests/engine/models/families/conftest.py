"""Tiny models of all families, written and opened once."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from diffusers import DiffusionPipeline

from engine.models.load import open_model
from tests.support.all_families import MODELS


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A function that gives the folder of a tiny model, which is written once."""
    return cache(lambda name: MODELS[name].write(tmp_path_factory.mktemp(name)))


@pytest.fixture(scope="session")
def opened(folders: Any) -> Any:
    """A function that gives a tiny model, which is opened once."""
    return cache(lambda name: open_model(str(folders(name)), device="cpu"))


@pytest.fixture(scope="session")
def pipelines(folders: Any) -> Any:
    """A function that gives the pipeline of a tiny model."""

    @cache
    def pipeline(name: str) -> Any:
        pipe = DiffusionPipeline.from_pretrained(
            folders(name), **dict.fromkeys(MODELS[name].absent)
        )
        pipe.set_progress_bar_config(disable=True)
        return pipe

    return pipeline
