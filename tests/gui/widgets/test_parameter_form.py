"""The form of a method's parameters."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from engine.methods.contract import make_method, methods
from engine.walk import MAX_SEED, MethodChoice
from gui.widgets.parameter_form import ParameterForm
from gui.widgets.seed_field import SeedField


@pytest.mark.parametrize("seed", [0, 5_000_000_000, MAX_SEED])
def test_every_seed_that_a_method_may_have_is_shown(qtbot: QtBot, seed: int) -> None:
    """Sessions and the command line hold seeds of 64 bits."""
    choice = MethodChoice("wander", (("seed", seed),))
    make_method(choice)
    form = ParameterForm()
    qtbot.addWidget(form)
    form.show_values(methods.get("wander"), dict(choice.params))
    (field,) = form.findChildren(SeedField)
    assert field.seed == seed
    with qtbot.waitSignal(form.edited) as edited:
        field.stepBy(-1 if seed else 1)
    assert edited.args == ["seed", seed - 1 if seed else 1]
