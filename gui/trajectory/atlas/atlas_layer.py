"""The atlas under the paths of the plane: fills what is visible, and follows zoom and walk."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QObject

from engine.atlas.grid import Area, Cell, PlaneFacts
from engine.messages import Image
from engine.view import ALL_KEYFRAMES
from gui.atlas.atlas import Atlas
from gui.atlas.basins import Basins
from gui.state.explorer_state import ExplorerState
from gui.trajectory.atlas.atlas_item import AtlasItem
from gui.trajectory.atlas.atlas_menu import AtlasMenu
from gui.trajectory.plane.plane_item import PlaneBox
from gui.trajectory.plane.walk_geometry import WalkGeometry
from gui.widgets.theme import Theme
from gui.widgets.throttle import Throttle

#: Least time between two looks at the visible area, and between two repaints, in milliseconds.
LOOK, REPAINT = 250, 160
#: Most pictures that one repaint reads from the store, so that the window stays responsive.
MOST_READ = 24


class LayerParts(Protocol):
    """Everything that the layer needs."""

    @property
    def state(self) -> ExplorerState: ...
    @property
    def atlas(self) -> Atlas: ...
    @property
    def basins(self) -> Basins: ...
    @property
    def box(self) -> PlaneBox: ...
    @property
    def theme(self) -> Theme: ...


class AtlasLayer(QObject):
    """Owns the atlas's item and menu, and tells the atlas which part of the plane is visible."""

    def __init__(self, parts: LayerParts, geometry: WalkGeometry, parent: QObject) -> None:
        super().__init__(parent)
        state, atlas = parts.state, parts.atlas
        self._state, self._atlas, self._basins = state, atlas, parts.basins
        self._geometry, self._box = geometry, parts.box
        self.item = AtlasItem(parts.theme)
        self.menu = AtlasMenu(state, atlas, parts.basins, parts.box, self)
        self._visible = True
        self._look_soon, self._repaint_soon = Throttle(LOOK, self), Throttle(REPAINT, self)
        self._look_soon.triggered.connect(self._look)
        self._repaint_soon.triggered.connect(self._repaint)
        parts.box.sigRangeChanged.connect(self._look_soon.throttle)
        for signal in (
            state.exploration_changed,
            state.view_changed,
            state.path_changed,
            state.results_reset,
        ):
            signal.connect(self._look_soon.throttle)
        atlas.cell_ready.connect(self._add)
        atlas.changed.connect(self._show_cells)
        atlas.cleared.connect(self.item.clear)
        parts.basins.changed.connect(self._show_regions)
        self._look_soon.throttle()

    @property
    def note(self) -> str:
        """A line about the atlas and its regions; "" without an atlas."""
        return " · ".join(filter(None, (self._atlas.note, self._basins.note)))

    def set_visible(self, visible: bool) -> None:
        """Stop to request cells while another view is shown."""
        self._visible = visible
        self._look_soon.throttle()

    def _look(self) -> None:
        """Fill the visible part of the plane, if the view has an atlas."""
        wanted = self._state.view.atlas > 0
        path = self._geometry.path
        if wanted and path is not None and not self._geometry.has_sums and path.span is not None:
            # Pictures are sums of keyframes, which this plane of the path is not.
            self._state.set_view(through=ALL_KEYFRAMES)
            return
        if path is None and wanted:
            return  # the new job computes its geometry first
        view = self._box.viewRect()
        area = Area(view.left(), view.top(), view.right(), view.bottom())
        shown = wanted and self._visible and self._geometry.has_sums
        g = self._geometry
        facts = PlaneFacts(g.height, g.sigma, g.frames, g.note)
        self._atlas.fill(area if shown else None, g.keyframe_at, facts)

    def _show_cells(self) -> None:
        self.item.set_cells(self._atlas.wanted, self._atlas.spacing)
        self._repaint_soon.throttle()

    def _show_regions(self) -> None:
        self.item.set_regions(self._basins.labels, self._basins.borders)

    def _add(self, cell: Cell, image: Image) -> None:
        self.item.add(cell, image)
        self._repaint_soon.throttle()

    def _repaint(self) -> None:
        """Paint the cells. Pictures that this item no longer has are read from the store."""
        missing = (cell for cell in self._atlas.wanted if not self.item.has(cell))
        absent = [cell for cell in missing if self._atlas.key(cell) is not None]
        for cell in absent[:MOST_READ]:
            image = self._atlas.image(cell)
            if image is not None:
                self.item.add(cell, image)
        if len(absent) > MOST_READ:
            self._repaint_soon.throttle()
        self.item.update()
