"""The About dialog: versions and licence."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from gui.widgets.icons import app_icon
from gui.widgets.layouts import column, form, note, row
from gui.widgets.plain_text import PlainLabel
from gui.widgets.theme import UNIT

PACKAGES = (
    "latent-trails",
    "torch",
    "diffusers",
    "transformers",
    "PySide6_Essentials",
    "pyqtgraph",
    "numpy",
    "av",
    "Pillow",
)
SUMMARY = "Explore walks through the latent space of text-to-image diffusion models."


def versions() -> dict[str, str]:
    """Returns the names and versions of the system and of the libraries in use."""
    found = {"System": f"{platform.system()} {platform.release()} {platform.machine()}"}
    found["Python"] = sys.version.split()[0]
    found["Qt"] = qVersion()
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


class AboutDialog(QDialog):
    """Shows the versions and copies them to the clipboard."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Latent Trails")
        self.setMinimumWidth(110 * UNIT)
        sign = PlainLabel()
        sign.setPixmap(app_icon().pixmap(16 * UNIT, 16 * UNIT))
        title = PlainLabel("Latent Trails")
        title.setObjectName("title")
        head = QVBoxLayout()
        head.addWidget(title)
        head.addWidget(note(SUMMARY))
        top = row(sign, spacing=4 * UNIT)
        top.addLayout(head, 1)
        table = form()
        table.setVerticalSpacing(UNIT)
        for name, number in versions().items():
            label = PlainLabel(name)
            label.setObjectName("label")
            value = PlainLabel(number)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            table.addRow(label, value)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton("Copy versions", QDialogButtonBox.ButtonRole.ActionRole)
        copy.setAutoDefault(False)
        copy.setToolTip("Copy the versions, for a bug report")
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setDefault(True)
        close.setFocus()
        copy.clicked.connect(self.copy_versions)
        buttons.rejected.connect(self.accept)
        layout = column(self, 6 * UNIT, 6 * UNIT)
        layout.addLayout(top)
        layout.addLayout(table)
        layout.addWidget(note("Apache License 2.0. The starter model has its own card."))
        layout.addWidget(buttons)

    def copy_versions(self) -> None:
        """Copy the versions to the clipboard, one a line."""
        lines = [f"{name} {number}" for name, number in versions().items()]
        QGuiApplication.clipboard().setText("\n".join(lines))
