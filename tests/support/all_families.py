"""The tiny models of all families, by name."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from tests.support import tiny_families

MODELS = {
    tiny.name: tiny
    for module in pkgutil.iter_modules(tiny_families.__path__)
    if module.name != "contract"
    for tiny in importlib.import_module(f"{tiny_families.__name__}.{module.name}").MODELS
}
each_model = pytest.mark.parametrize("name", MODELS)
