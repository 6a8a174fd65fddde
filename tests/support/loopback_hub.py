"""A hub of one model on this machine, which can misbehave in the ways that hubs do."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

MODEL = "someone/tiny"
_COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class LoopbackHub:
    """The files and behaviour of the server; `requests` are "METHOD path" with a range, in order.

    `status` answers everything with an error. `stall_after` bytes of weights, it sends nothing
    more until `release` is set. `corrupt` turns a byte of the weights. `checksum` stands in the
    listing in place of every true one. Without `resumes`, a part is answered with the whole file.
    """

    folder: Path
    status: int = 0
    stall_after: int | None = None
    corrupt: bool = False
    resumes: bool = True
    checksum: str = ""
    endpoint: str = ""
    requests: list[str] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)

    def describe(self) -> dict[str, object]:
        files = sorted(file for file in self.folder.rglob("*") if file.is_file())
        return {"id": MODEL, "sha": _COMMIT, "siblings": [self._sibling(f) for f in files]}

    def _sibling(self, file: Path) -> dict[str, object]:
        entry: dict[str, object] = {
            "rfilename": file.relative_to(self.folder).as_posix(),
            "size": file.stat().st_size,
            "blobId": _digest(file),
        }
        if file.suffix == ".safetensors":
            digest = self.checksum or _digest(file)
            entry["lfs"] = {"sha256": digest, "size": entry["size"], "pointerSize": 134}
        return entry


@contextmanager
def serve(folder: Path) -> Iterator[LoopbackHub]:
    """A hub that serves `folder` as the model someone/tiny."""
    hub = LoopbackHub(folder)

    class Handler(_Handler):
        served = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        hub.release.set()
        server.shutdown()
        thread.join(30)
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    served: LoopbackHub

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, *args: object) -> None:
        """Silence."""

    def _answer(self, with_body: bool) -> None:
        hub, path = self.served, unquote(urlsplit(self.path).path)
        hub.requests.append(f"{self.command} {path} {self.headers.get('Range', '')}".strip())
        if hub.status:
            self._send(hub.status, b"{}", with_body)
        elif path == f"/api/models/{MODEL}":
            self._send(200, json.dumps(hub.describe()).encode(), with_body)
        elif path.startswith(f"/{MODEL}/resolve/"):
            self._send_file(hub.folder / path.split("/", 5)[5], with_body)
        else:
            self._send(404, b"{}", with_body)

    def _send(self, status: int, body: bytes, with_body: bool) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _send_file(self, file: Path, with_body: bool) -> None:
        if not file.is_file():
            return self._send(404, b"{}", with_body)
        data, is_weights = file.read_bytes(), file.suffix == ".safetensors"
        digest = _digest(file)
        if is_weights and self.served.corrupt:
            data = data[:-1] + bytes([data[-1] ^ 1])
        wanted = self.headers.get("Range", "") if self.served.resumes else ""
        start = int((wanted or "bytes=0-").removeprefix("bytes=").split("-")[0])
        self.send_response(206 if start else 200)
        self.send_header("ETag", f'"{digest}"')
        self.send_header("X-Repo-Commit", _COMMIT)
        self.send_header("Content-Length", str(len(data) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        if with_body:
            self._send_slowly(data[start:], self.served.stall_after if is_weights else None)
        return None

    def _send_slowly(self, data: bytes, stall_after: int | None) -> None:
        try:
            self.wfile.write(data[:stall_after])
            if stall_after is not None:
                self.wfile.flush()
                self.served.release.wait(60)
                self.wfile.write(data[stall_after:])
        except OSError:
            return


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
