"""The rooms of the program: the table that tests/test_architecture.py checks."""

from __future__ import annotations

from dataclasses import dataclass

#: The libraries that the column "libraries" guards; any room may import others.
QT = ("PySide6", "pyqtgraph")


@dataclass(frozen=True, slots=True)
class Room:
    """A folder: what it holds, the rooms it may import, and the guarded libraries it may import.

    Rooms of the same top folder are named without it. Every room may also import the files at the
    top of `engine/`, which are the room "engine".
    """

    name: str
    holds: str
    may_import: str = ""
    libraries: str = ""

    @property
    def imports(self) -> frozenset[str]:
        """The full names of the rooms it may import."""
        top = self.name.split(".")[0]
        words = self.may_import.split()
        return frozenset(w if w.startswith("engine.") else f"{top}.{w}" for w in words)

    @property
    def guarded(self) -> tuple[str, ...]:
        """The names under which its guarded libraries are imported."""
        return QT if self.libraries == "Qt" else tuple(self.libraries.split())


ROOMS = (
    Room("engine", "walk, texts by role, messages, errors, mailbox, registry, writing of files"),
    Room("engine.tracks", "tracks of a walk beside its keyframes: prompts with times of their own"),
    Room("engine.methods", "interpolation methods of two keyframes, one a file"),
    Room(
        "engine.methods.places",
        "methods that treat the places of the noise differently, one a file",
        "methods",
    ),
    Room(
        "engine.methods.loops",
        "methods that come back to their start, one a file",
        "methods",
    ),
    Room(
        "engine.methods.through",
        "methods whose path depends on all keyframes, one a file",
        "methods",
    ),
    Room("engine.metrics", "measures, one a file", "", "cv2"),
    Room(
        "engine.pacing",
        "the speed of a walk: even steps, wanted speed, tipping points, certificate",
        "metrics",
    ),
    Room(
        "engine.atlas",
        "the atlas of a plane: its cells, the labels of their pictures, files of it",
        "export measuring pictures",
    ),
    Room("engine.solvers", "solvers as tables of coefficients, one a file"),
    Room(
        "engine.geometry",
        "noise, the path of a walk, its projection on a plane",
        "methods methods.through pacing tracks",
        "torch",
    ),
    Room("engine.pictures", "latents and differences as pictures, titles", "methods"),
    Room("engine.store", "finished frames by content, in memory and on disk"),
    Room("engine.documents", "session files, presets, validation", "methods solvers tracks"),
    Room(
        "engine.documents.foreign",
        "settings that other programs write into pictures, one program a file",
        "documents",
    ),
    Room(
        "engine.models.inspection",
        "what model files hold and whether they are safe, before they are opened",
        "models.families models.schedules",
    ),
    Room(
        "engine.models.hub",
        "the Hugging Face hub: cache and downloads",
        "models.families models.inspection",
    ),
    Room(
        "engine.models.schedules",
        "noise schedules and solvers from the configs of schedulers of diffusers",
        "solvers",
        "torch diffusers",
    ),
    Room(
        "engine.models.families",
        "families of models, one a file",
        "models.networks models.running models.schedules solvers",
        "torch",
    ),
    Room(
        "engine.models.networks",
        "UNet, VAE decoder, text tower and tokenizer",
        "",
        "torch diffusers transformers",
    ),
    Room(
        "engine.models.running",
        "devices, device memory, parallel batches, CUDA graphs, decoding",
        "models.networks",
        "torch",
    ),
    Room(
        "engine.models",
        "locating and loading; the loaded model; CLIP as a scorer",
        "models.families models.hub models.inspection models.networks models.running "
        "models.schedules solvers",
        "torch diffusers transformers",
    ),
    Room(
        "engine.measuring",
        "measures of finished frames, and tables of them",
        "methods metrics models models.hub pacing pictures statistics store tracks",
    ),
    Room(
        "engine.render",
        "one job: its plan, frames in their order, batches, points of the plane, previews",
        "geometry measuring methods models models.running pictures render.sampling solvers store",
        "torch",
    ),
    Room(
        "engine.render.sampling",
        "the loops over the steps of frames",
        "models.running solvers",
        "torch",
    ),
    Room(
        "engine.export",
        "what every export shares: contract, plan, frames in order, file names, metadata, recall",
        "documents documents.foreign export.texts methods pictures solvers tracks",
        "cv2",
    ),
    Room(
        "engine.export.texts",
        "finds the texts that describe a picture in its file, one kind of block a file",
    ),
    Room(
        "engine.export.film",
        "writes videos and animations, and their metadata",
        "export export.texts",
    ),
    Room(
        "engine.export.formats",
        "export formats, one a file",
        "documents export export.film pictures",
        "cv2",
    ),
    Room(
        "engine.statistics",
        "statistics of independent units: intervals, paired differences, power, shares of variance",
    ),
    Room(
        "engine.study",
        "many walks by plan: cells in worker processes, their table and its statistics",
        "documents export measuring methods metrics models models.inspection models.running "
        "pictures render statistics store",
        "torch",
    ),
    Room(
        "engine.study.report",
        "the report of a study: plots, tables and sample sheets as a page and as PDF",
        "methods metrics study",
    ),
    Room(
        "engine.seed_meter",
        "prompts × noises: properties of the pictures, and the shares of both in them",
        "export measuring metrics models render statistics study.report",
    ),
    Room(
        "engine.dimensions",
        "the influence of parts of z_T, and directions in it",
        "export geometry measuring models pictures render statistics study.report",
    ),
    Room(
        "engine.cli",
        "the commands, one or two a file; command-line options",
        "atlas dimensions documents export export.film geometry measuring metrics models "
        "models.hub models.inspection models.running pacing pictures render seed_meter solvers "
        "store study study.report",
        "torch",
    ),
    Room(
        "engine.thread",
        "the thread on which the window's jobs run",
        "render store",
        "PySide6.QtCore",
    ),
    Room("gui.widgets", "theme, icons, and widgets that know no walk", "engine.methods", "Qt"),
    Room(
        "gui.state",
        "state, results, undo, edits of a walk, playback, thumbnails",
        "engine.methods engine.metrics engine.models.networks engine.tracks widgets",
        "Qt",
    ),
    Room(
        "gui.files",
        "open and save, recovery, settings, the program's own folders",
        "engine.documents engine.export state widgets",
        "Qt",
    ),
    Room(
        "gui.walk",
        "the panel that edits prompt, keyframes, method and sampling",
        "engine.documents engine.methods engine.solvers state widgets",
        "Qt",
    ),
    Room(
        "gui.viewer",
        "the viewer of frames, its panes, comparison of methods",
        "engine.methods engine.pictures state widgets",
        "Qt",
    ),
    Room(
        "gui.timeline",
        "ruler, prompts, filmstrip, readiness strip, transport buttons",
        "engine.tracks state widgets",
        "Qt",
    ),
    Room(
        "gui.atlas",
        "the atlas of a plane: its cells, their pictures, regions of similar ones",
        "engine.atlas engine.geometry state widgets",
        "Qt",
    ),
    Room(
        "gui.trajectory.plane",
        "what trajectory views paint with; the walk's geometry",
        "engine.geometry engine.methods state widgets",
        "Qt",
    ),
    Room(
        "gui.trajectory.atlas",
        "the atlas in the trajectory plot: its layer under the paths, its menu",
        "engine.atlas atlas state trajectory.plane widgets",
        "Qt",
    ),
    Room(
        "gui.trajectory.views",
        "trajectory views, one a file",
        "engine.geometry engine.methods atlas state trajectory.atlas trajectory.plane widgets",
        "Qt",
    ),
    Room(
        "gui.trajectory",
        "the plot that shows one of the trajectory views",
        "atlas state trajectory.plane trajectory.views widgets",
        "Qt",
    ),
    Room(
        "gui.measures",
        "charts and tables of measures",
        "engine.measuring engine.metrics state widgets",
        "Qt",
    ),
    Room(
        "gui.models",
        "the model dialog and downloads from the hub",
        "engine.models.hub engine.models.inspection files widgets",
        "Qt",
    ),
    Room(
        "gui.export",
        "export dialog and jobs, recorder, plots as files",
        "engine.atlas engine.documents engine.export engine.geometry engine.measuring "
        "engine.pictures atlas files measures state viewer widgets",
        "Qt",
    ),
    Room(
        "gui.study",
        "dialogs of studies, seed meter and dimensions, which run as programs",
        "state widgets",
        "Qt",
    ),
    Room(
        "gui.shell",
        "actions, commands, toolbar, status line, messages, panels",
        "engine.tracks export files state viewer walk widgets",
        "Qt",
    ),
    Room(
        "gui.dialogs",
        "preferences, shortcuts, wanted speed, log, about",
        "engine.pacing files shell state widgets",
        "Qt",
    ),
    Room(
        "gui",
        "the window, its companions, and the session: they put the rooms together",
        "engine.documents engine.geometry engine.methods engine.models.hub "
        "engine.models.inspection engine.pacing engine.pictures engine.store dialogs export files "
        "shell state study widgets walk viewer timeline trajectory trajectory.views measures "
        "models",
        "Qt",
    ),
)
