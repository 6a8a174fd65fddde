"""The models and the cache folder of the tests of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.tiny_models import make_tiny_model


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny model with a scorer, to be read only."""
    return str(make_tiny_model(tmp_path_factory.mktemp("models") / "tiny", clip=True))


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same model with a size of its own, so that pictures are small."""
    made = make_tiny_model(tmp_path_factory.mktemp("models") / "small", clip=True)
    (made / "starter.json").write_text('{"width": 32, "height": 32, "steps": 2}', "utf-8")
    return str(made)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
