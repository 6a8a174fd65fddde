"""The part of the atlas's menu that colours regions, finds borders and lists crossings."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QInputDialog, QMenu

from gui.atlas.basins import Basins
from gui.atlas.regions import with_crossings
from gui.state.explorer_state import ExplorerState
from gui.trajectory.plane.plane_item import PlaneBox
from gui.widgets.plain_text import plain_title

#: Numbers of clusters to choose from, and most texts.
CLUSTERS = (2, 3, 4, 5, 6, 8)
MOST_TEXTS = 8
#: Most crossings in the menu.
LISTED = 12


class RegionMenu(QObject):
    """Adds the verbs of the regions to a menu. What regions are is part of the view."""

    def __init__(
        self, state: ExplorerState, basins: Basins, box: PlaneBox, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._state, self._basins, self._box = state, basins, box

    def fill(self, menu: QMenu) -> None:
        """Add the entries to the menu."""
        view, regions = self._state.view, menu.addMenu("Colour by")
        none = not (view.clusters or view.regions)
        self._add(regions, "Pictures only", none, clusters=0, regions=())
        for count in CLUSTERS:
            chosen = view.clusters == count and not view.regions
            text = f"{count} clusters of similar pictures"
            self._add(regions, text, chosen, clusters=count, regions=())
        regions.addAction("Nearest of texts…", self._ask_texts)
        borders = menu.addAction("Find the borders", self._bisect)
        borders.setToolTip("Halve the distance between neighbours of different regions to a pixel")
        borders.setEnabled(bool(self._basins.labels) and not self._basins.busy)
        self._list_crossings(menu)

    def _add(self, menu: QMenu, text: str, chosen: bool, **changes: object) -> None:
        action = menu.addAction(plain_title(text), partial(self._state.set_view, **changes))
        action.setCheckable(True)
        action.setChecked(chosen)

    def _list_crossings(self, menu: QMenu) -> None:
        crossings = self._basins.crossings
        title = f"Crossings of the walk ({len(crossings)})"
        listed = menu.addMenu(title)
        for crossing in crossings[:LISTED]:
            before, after = (self._basins.name(k) for k in (crossing.before, crossing.after))
            text = f"γ {crossing.gamma:.3f}: {before} → {after}"
            listed.addAction(plain_title(text), partial(self._state.seek, crossing.index + 1))
        listed.setEnabled(bool(crossings))
        keep = menu.addAction("Keyframes at the crossings", self._keep_crossings)
        keep.setEnabled(bool(crossings))

    def _bisect(self) -> None:
        self._basins.bisect(float(max(self._box.viewPixelSize())))

    def _keep_crossings(self) -> None:
        lanes, exploration = self._state.results.lanes, self._state.exploration
        own = self._state.own_lane
        path = lanes[own].path if own is not None else None
        if path is None or not self._state.results.are_of(exploration):
            self._state.post("Render the walk by its own method first; the crossings are of it.")
            return
        walk = with_crossings(exploration.walk, path, self._basins.crossings)
        self._state.edit(replace(exploration, walk=walk), "Keyframes at crossings")

    def _ask_texts(self) -> None:
        """Ask for the texts, one a line. The dialog does not stop the program."""
        dialog = QInputDialog(self._box.getViewWidget().window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setOption(QInputDialog.InputDialogOption.UsePlainTextEditForTextInput)
        dialog.setWindowTitle("Regions by texts")
        dialog.setLabelText("Texts to compare the pictures with by CLIP, one a line:")
        texts = self._state.view.regions or ("a cat", "a dog")
        dialog.setTextValue("\n".join(texts))
        dialog.textValueSelected.connect(self.set_texts)
        dialog.open()

    def set_texts(self, text: str) -> None:
        """Colour by the nearest of these texts, one a line. Fewer than two colour nothing."""
        lines = (line.strip() for line in text.splitlines())
        texts = tuple(dict.fromkeys(line for line in lines if line))[:MOST_TEXTS]
        self._state.set_view(clusters=0, regions=texts if len(texts) > 1 else ())
