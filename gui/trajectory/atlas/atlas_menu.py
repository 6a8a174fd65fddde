"""The menu of the atlas: its number of pictures, pause, and the regions."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QMenu, QToolButton

from gui.atlas.atlas import Atlas
from gui.atlas.basins import Basins
from gui.state.explorer_state import ExplorerState
from gui.trajectory.atlas.region_menu import RegionMenu
from gui.trajectory.plane.plane_item import PlaneBox
from gui.widgets.fields import Button

#: Least numbers of pictures along the shorter side of the plane.
ACROSS = (5, 9, 17, 33)


class AtlasMenu(Button):
    """A button that opens the verbs of the atlas. Its number of pictures is part of the view."""

    def __init__(self, state: ExplorerState, atlas: Atlas, basins: Basins, box: PlaneBox) -> None:
        super().__init__("Atlas", "Fill the plane with pictures", text="Atlas ▾")
        self._state, self._atlas = state, atlas
        self.regions = RegionMenu(state, basins, box, self)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def _fill(self) -> None:
        menu = self.menu()
        menu.clear()
        for across in (0, *ACROSS):
            text = f"At least {across} pictures across" if across else "No atlas"
            action = menu.addAction(text, partial(self._choose, across))
            action.setCheckable(True)
            action.setChecked(across == self._state.view.atlas)
        if self._state.view.atlas:
            menu.addSeparator()
            if self._atlas.paused:
                menu.addAction("Continue", self._atlas.resume)
            else:
                menu.addAction("Pause", self._atlas.pause)
            menu.addSeparator()
            self.regions.fill(menu)

    def _choose(self, across: int) -> None:
        self._state.set_view(atlas=across)
        if across and self._atlas.paused:
            self._atlas.resume()
