"""Downloads the files of a hub model into the hub's cache.

A download can be resumed and cancelled. The checksums of large files are verified.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import ModelError

#: Receives the progress of a download, 0–1. An exception ends the download.
Watcher = Callable[[float], None]
_ROOM = 500 * 2**20
_BLOCK = 2**20
_CHECKSUM = re.compile("[0-9a-f]{64}")
#: Seconds between two attempts to acquire a lock that another program holds.
_LOCK_S = 0.2


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a hub model. `sha256` is "" for small files, which the hub stores differently.

    The checksum becomes a file name in the cache. Raises ValueError if it is not a valid checksum.
    """

    name: str
    bytes: int
    sha256: str = ""

    def __post_init__(self) -> None:
        if self.sha256 and not _CHECKSUM.fullmatch(self.sha256):
            raise ValueError(f"{self.sha256[:100]!r} is no SHA-256 checksum")


@dataclass(frozen=True, slots=True)
class Source:
    """A model on a hub and the cache for its files."""

    model: str
    endpoint: str
    cache: Path


def require_room(cache: Path, needed: int) -> None:
    """Raises ModelError with the required and the free space if the disk is too small."""
    nearest = next(folder for folder in (cache, *cache.parents) if folder.exists())
    free = shutil.disk_usage(nearest).free
    if free < needed + _ROOM:
        raise ModelError(
            f"The download takes {needed / 1e9:.1f} GB and {nearest} has {free / 1e9:.1f} GB left; "
            "make room, or set HF_HOME to a folder on another disk."
        )


def fetch_files(
    source: Source, files: tuple[RemoteFile, ...], watch: Watcher, timeout_s: float
) -> None:
    """Downloads all files into the cache in a separate thread and reports progress to `watch`.

    An exception of `watch` ends the wait within 0.1 s. Downloaded bytes are kept for the next
    attempt. Raises ModelError if no byte arrives for `timeout_s` seconds. Also raises the errors
    of the hub.
    """
    work = _Work(source, files)
    thread = threading.Thread(target=work.run, name="model download", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            watch(work.fraction)
            if time.monotonic() - work.heard > timeout_s:
                raise ModelError(
                    f"The hub sent nothing of {source.model} for {timeout_s:.0f} s; "
                    "try again: what has arrived is kept."
                )
            thread.join(0.1)
    finally:
        work.stopped = True
    if work.error is not None:
        raise work.error


class _Stopped(Exception):  # noqa: N818 — a result, not an error
    """The download was stopped: no thread waits for it."""


@dataclass(slots=True)
class _Work:
    """The shared state of the download thread and the waiting thread."""

    source: Source
    files: tuple[RemoteFile, ...]
    done: int = 0
    heard: float = field(default_factory=time.monotonic)
    stopped: bool = False
    error: Exception | None = None

    @property
    def fraction(self) -> float:
        return self.done / max(1, sum(file.bytes for file in self.files))

    def run(self) -> None:
        try:
            for file in self.files:
                self._fetch(file)
        except _Stopped:
            return
        except Exception as error:  # noqa: BLE001 — raised again in the waiting thread
            self.error = error

    def _fetch(self, file: RemoteFile) -> None:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.file_download import repo_folder_name

        source = self.source
        if file.sha256:
            folder = repo_folder_name(repo_id=source.model, repo_type="model")
            # The hub's library uses the same lock for this file, in this program and in others.
            lock = source.cache / ".locks" / folder / f"{file.sha256}.lock"
            with self._locked(lock):
                self._fetch_blob(file, source.cache / folder / "blobs" / file.sha256)
        else:
            self.arrived(file.bytes)
        hf_hub_download(
            source.model, file.name, cache_dir=source.cache, endpoint=source.endpoint or None
        )

    @contextmanager
    def _locked(self, lock: Path) -> Iterator[None]:
        """Allows one program at a time. Raises _Stopped if the download was stopped."""
        from filelock import FileLock, Timeout

        lock.parent.mkdir(parents=True, exist_ok=True)
        waiting = FileLock(lock)
        while True:
            try:
                waiting.acquire(timeout=_LOCK_S)
                break
            except Timeout:
                self.arrived(0)  # another program holds the lock: not a timeout of the hub
        try:
            yield
        finally:
            waiting.release()

    def _fetch_blob(self, file: RemoteFile, blob: Path) -> None:
        """Downloads weights to the path of the hub's library, which cannot resume by itself."""
        if blob.exists():
            self.arrived(file.bytes)
            return
        blob.parent.mkdir(parents=True, exist_ok=True)
        part = blob.with_suffix(".part")
        if not part.exists() or part.stat().st_size < file.bytes:
            _receive(self.source, file, part, self.arrived)
        if _sha256(part) != file.sha256:
            part.unlink()
            raise ModelError(
                f"{file.name} of {self.source.model} arrived damaged: its checksum is not the one "
                "that the hub names; download it again."
            )
        part.replace(blob)

    def arrived(self, count: int) -> None:
        """Records `count` downloaded bytes. Raises _Stopped if the download was stopped."""
        if self.stopped:
            raise _Stopped
        self.done += count
        self.heard = time.monotonic()


def _receive(source: Source, file: RemoteFile, part: Path, arrived: Callable[[int], None]) -> None:
    """Resumes `part` at its end. Writes each piece immediately, so that no piece is lost."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

    url = hf_hub_url(source.model, file.name, endpoint=source.endpoint or None)
    metadata = get_hf_file_metadata(url, endpoint=source.endpoint or None)
    # Send the login only to the hub, never to the storage server after a redirect.
    headers = build_hf_headers() if metadata.location == url else {}
    with part.open("ab", buffering=0) as stream:
        headers |= {"Range": f"bytes={stream.tell()}-"} if stream.tell() else {}
        with get_session().stream("GET", metadata.location, headers=headers) as response:
            hf_raise_for_status(response)
            if response.status_code != 206:
                stream.seek(0)
                stream.truncate()
            arrived(stream.tell())
            for piece in response.iter_bytes():
                arrived(len(piece))  # before the write: a second attempt may already run
                stream.write(piece)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
