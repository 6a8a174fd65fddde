"""Lists the models in the cache of the Hugging Face hub and downloads others on request.

Only `Hub.look` and `Hub.fetch` use the network. They do not use it for a model that is in the
cache.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The library reads this on import. Its other transport can be neither resumed nor cancelled.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("HF_HUB_DISABLE_XET", "1")

from engine.errors import ModelError
from engine.models.hub.download import RemoteFile, Source, fetch_files, require_room
from engine.models.hub.offline import is_offline
from engine.models.hub.required_files import RequiredFiles
from engine.models.inspection.check import check_model
from engine.models.inspection.report import read_object

#: Receives the name of the current step and its progress, 0–1. An exception ends the work.
Reporter = Callable[[str, float], None]

_INDEX, _WEIGHTS = "model_index.json", ".safetensors"
_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


@dataclass(frozen=True, slots=True)
class CachedModel:
    """A model in the hub's cache.

    `problem` is the reason why it cannot be opened, or "" if it can be opened. `scores` is true
    for a CLIP model, which cannot generate images.
    """

    id: str
    folder: Path
    bytes: int
    problem: str = ""
    scores: bool = False


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """The bytes and the number of files of a download. `scores` is true for a CLIP model.

    `text_encoders` and `rest` are the bytes of the weights.
    """

    bytes: int
    files: int
    scores: bool
    text_encoders: int = 0
    rest: int = 0


def is_hub_id(text: str) -> bool:
    """True if the text has the form owner/name."""
    return _HUB_ID.fullmatch(text) is not None


class Hub:
    """A hub and its local cache. An empty `endpoint` or `cache` selects the library's default."""

    def __init__(self, endpoint: str = "", cache: str = "", timeout_s: float = 20.0) -> None:
        from huggingface_hub import constants

        self._endpoint, self._timeout_s = endpoint, timeout_s
        self._cache = Path(cache or constants.HF_HUB_CACHE)

    def cached(self) -> tuple[CachedModel, ...]:
        """Returns all cached models by name, also broken ones and CLIP models. Reads no weights."""
        return tuple(sorted(self._entries(), key=lambda model: model.id.lower()))

    def folder_of(self, model: str, wanted: RequiredFiles) -> Path | None:
        """Returns the folder of a model if its cache is complete, or None. Uses no network."""
        snapshots = _snapshots(self._cache / _folder_name(model))
        return next((folder for folder in snapshots if wanted.is_whole(folder)), None)

    def remove(self, model: str) -> None:
        """Deletes a complete or broken model from the cache. Raises OSError on failure."""
        shutil.rmtree(self._cache / _folder_name(model))

    def look(self, model: str, wanted: RequiredFiles) -> RemoteModel | None:
        """Gets the download size of a model from the hub. Returns None if it is in the cache.

        Raises ModelError with one sentence.
        """
        if self.folder_of(model, wanted) is not None:
            return None
        with self._asking(model):
            files = self._files(model, wanted)
        scores = all(file.name != _INDEX for file in files)
        weights = [file for file in files if file.name.endswith(_WEIGHTS)]
        encoders = sum(file.bytes for file in weights if file.name.startswith("text_encoder"))
        rest = sum(file.bytes for file in weights) - encoders
        return RemoteModel(sum(f.bytes for f in files), len(files), scores, encoders, rest)

    def fetch(self, model: str, wanted: RequiredFiles, progress: Reporter) -> Path:
        """Returns the folder of a model. Downloads the model if it is not in the cache.

        Raises ModelError with one sentence. Also raises any exception of `progress`, within
        0.2 s. Downloaded bytes are kept for the next attempt.
        """
        cached = self.folder_of(model, wanted)
        if cached is not None:
            return cached
        with self._asking(model):
            self._download(model, wanted, progress)
        folder = self.folder_of(model, wanted)
        if folder is None:
            raise ModelError(f"{model} is not a whole model of a known kind; choose another.")
        return folder

    def _download(self, model: str, wanted: RequiredFiles, progress: Reporter) -> None:
        progress(f"Asking the hub for {model}", 0.0)
        files = self._files(model, wanted)
        total = sum(file.bytes for file in files)
        require_room(self._cache, total)
        source = Source(model, self._endpoint, self._cache)
        configs = tuple(file for file in files if not file.name.endswith(_WEIGHTS))
        fetch_files(
            source, configs, lambda _: progress(f"Looking at {model}", 0.0), self._timeout_s
        )
        for folder in _snapshots(self._cache / _folder_name(model))[:1]:
            problem = wanted.problem(folder)
            if problem:
                raise ModelError(f"{model} was not downloaded. {problem}")
        weights = tuple(file for file in files if file.name.endswith(_WEIGHTS))
        stage = f"Downloading {model} ({total / 1e9:.1f} GB)"
        fetch_files(source, weights, lambda share: progress(stage, share), self._timeout_s)

    def _files(self, model: str, wanted: RequiredFiles) -> tuple[RemoteFile, ...]:
        from huggingface_hub import HfApi

        api = HfApi(endpoint=self._endpoint or None)
        info = api.model_info(model, files_metadata=True, timeout=self._timeout_s)
        try:
            listing = {s.rfilename: _remote_file(s) for s in info.siblings or ()}
        except ValueError as error:
            raise ModelError(f"The hub's list of {model} is damaged: {error}.") from error
        return wanted.choose(model, listing)

    @contextmanager
    def _asking(self, model: str) -> Iterator[None]:
        """Converts errors of the hub to ModelError. Raises ModelError if the program is offline."""
        if is_offline():
            raise ModelError(
                f"{model} is not in the cache and the program is offline; "
                "switch Offline off to download it."
            )
        try:
            yield
        except Exception as error:
            sentence = _sentence(model, error)
            if not sentence:
                raise
            raise ModelError(sentence) from error

    def _entries(self) -> Iterator[CachedModel]:
        """Reads each entry separately, so that a broken entry does not hide the others."""
        if not self._cache.is_dir():
            return
        for folder in self._cache.glob("models--*"):
            try:
                entry = _entry(folder)
            except OSError as error:
                yield CachedModel(_id_of(folder), folder, 0, f"It cannot be read ({error}).")
                continue
            if entry is not None:
                yield entry


def _entry(folder: Path) -> CachedModel | None:
    """Describes an entry of the cache. Returns None if it is not a model of a known kind."""
    snapshots = _snapshots(folder)
    if not snapshots:
        return CachedModel(_id_of(folder), folder, 0, "It holds no files; remove it.")
    size = sum(file.stat().st_size for file in (folder / "blobs").glob("*"))
    if not any((snapshot / _INDEX).exists() for snapshot in snapshots):
        scores = any(map(_is_clip, snapshots))
        return CachedModel(_id_of(folder), folder, size, scores=True) if scores else None
    reports = [check_model(snapshot) for snapshot in snapshots]
    problem = "" if any(report.ok for report in reports) else reports[0].problem
    return CachedModel(_id_of(folder), folder, size, problem)


def _is_clip(snapshot: Path) -> bool:
    with suppress(ModelError):
        return read_object(snapshot / "config.json").get("model_type") == "clip"
    return False


def _snapshots(folder: Path) -> list[Path]:
    """Returns the revisions in an entry of the cache. The revision of "main" is first."""
    try:
        main = (folder / "refs" / "main").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        main = ""
    found = [path for path in (folder / "snapshots").glob("*") if path.is_dir()]
    return sorted(found, key=lambda path: (path.name != main, path.name))


def _folder_name(model: str) -> str:
    return "models--" + model.replace("/", "--")


def _id_of(folder: Path) -> str:
    return folder.name.removeprefix("models--").replace("--", "/", 1)


def _remote_file(sibling: Any) -> RemoteFile:
    sha256 = sibling.lfs.sha256 if sibling.lfs else ""
    return RemoteFile(sibling.rfilename, int(sibling.size or 0), sha256)


def _sentence(model: str, error: Exception) -> str:
    """Describes an error of the hub. Returns "" for any other error."""
    from huggingface_hub import errors

    chain = [error, *_causes(error)]
    status = next(
        (e.response.status_code for e in chain if isinstance(e, errors.HfHubHTTPError)), 0
    )
    kinds = {type(e).__name__ for e in chain}
    if isinstance(error, errors.GatedRepoError) or status == 403:
        return (
            f"{model} asks that its licence be accepted: do so on its page, "
            "then sign in with `hf auth login`."
        )
    if status == 401:
        return f"The hub wants a login for {model}, or knows no such model; check the name."
    if status == 404:
        return f"The hub knows no model called {model}; check the name."
    if status:
        return f"The hub answered with error {status} for {model}; try again later."
    if any(isinstance(e, socket.gaierror) for e in chain):
        return "The hub's name cannot be resolved; check the network connection."
    if any("Timeout" in kind for kind in kinds):
        return f"The hub does not answer about {model}; try again later."
    if any(kind.endswith(("ConnectError", "ProtocolError", "ReadError")) for kind in kinds):
        return "The hub cannot be reached; check the network connection."
    return ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    while (cause := error.__cause__ or error.__context__) is not None:
        yield cause
        error = cause
