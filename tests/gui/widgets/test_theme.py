"""Colours: a method's own, the same everywhere and told apart in both schemes."""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
import pytest
from PySide6.QtGui import QColor

from engine.methods.contract import methods
from gui.widgets.theme import DARK, LIGHT, Theme

#: What the methods that the article compares are drawn in, from the Okabe–Ito set.
OKABE_ITO = {
    "linear": "#d55e00",
    "normalized": "#e69f00",
    "slerp": "#0072b2",
    "wipe": "#cc79a7",
    "translation": "#56b4e9",
}
#: Kept for a method of splines.
SPLINE = "#009E73"


def _lab(colour: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Lightness and the two opponent colours, in which distances are about equally visible."""
    rgb = np.array([[QColor(colour).getRgbF()[:3]]], np.float32)
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[0, 0], np.float32)


def test_on_light_they_are_the_sets_own() -> None:
    assert {name: LIGHT.method_colour(name) for name in OKABE_ITO} == OKABE_ITO


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_no_two_methods_look_alike(theme: Theme) -> None:
    colours = [theme.method_colour(name) for name in methods.names()]
    if not any(methods.get(name).colour == SPLINE for name in methods.names()):
        colours.append(SPLINE)
    gaps = [float(np.linalg.norm(_lab(a) - _lab(b))) for a, b in combinations(colours, 2)]
    assert min(gaps) > 15.0
