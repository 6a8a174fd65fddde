"""The menu of the atlas: its number of pictures, pause, and the regions."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from gui.atlas.atlas import Atlas
from gui.atlas.basins import Basins
from gui.state.explorer_state import ExplorerState
from gui.trajectory.atlas.region_menu import RegionMenu
from gui.trajectory.plane.plane_item import PlaneBox

#: Least numbers of pictures along the shorter side of the plane.
ACROSS = (5, 9, 17, 33)


class AtlasMenu(QObject):
    """Adds the verbs of the atlas to a menu. Its number of pictures is part of the view."""

    def __init__(
        self, state: ExplorerState, atlas: Atlas, basins: Basins, box: PlaneBox, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._state, self._atlas = state, atlas
        self.regions = RegionMenu(state, basins, box, self)

    def fill(self, parent: QMenu) -> None:
        """Add a submenu."""
        menu = parent.addMenu("Atlas")
        menu.setToolTipsVisible(True)
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
