"""Runs the parts within a budget: `python -m tests.benchmarks.gpu FOLDER SECONDS`.

Libraries are imported once. Each part runs in a process forked from that, with a limit of its own,
so that a part that fails or hangs costs nothing else. After each part, FOLDER/results.json has all
findings.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

# Asks the driver for devices without starting CUDA, which a forked process could not use then.
os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

#: Seconds under which no part is started, and those kept for writing.
_LEAST_S, _KEPT_S = 6.0, 2.0
#: The exit status of a part that cannot start CUDA in a forked process.
_NO_FORK = 77


def main() -> int:
    """Returns the exit status: 0, whatever failed; the results say so."""
    given = _arguments()
    began = time.monotonic()
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.part:
        return _run(given, given.part)
    results: dict[str, Any] = {}
    _import_all()
    print(f"imported after {time.monotonic() - began:.1f} s", flush=True)
    from tests.benchmarks.gpu.parts import PARTS

    for name in given.only or PARTS:
        left = given.seconds - (time.monotonic() - began) - _KEPT_S
        if left < _LEAST_S:
            results[name] = {"left out": "no time"}
            continue
        limit = min(left, PARTS[name][1])
        print(f"{name}: at {time.monotonic() - began:.1f} s, at most {limit:.0f} s", flush=True)
        results[name] = _guarded(given, name, limit)
        results[name]["ended at, s"] = round(time.monotonic() - began, 1)
        _write(given.folder, results)
    _write(given.folder, results)
    return 0


def _guarded(given: argparse.Namespace, name: str, limit: float) -> dict[str, Any]:
    """The findings of a part, which is ended at its limit."""
    file = _file(given.folder)
    file.write_text("{}", encoding="utf-8")
    ended, until = "", time.monotonic() + limit
    status = None if given.spawn else _forked(given, name, until)
    if given.spawn or status == _NO_FORK:
        given.spawn = True
        status = _spawned(given, name, until)
    if status is None:
        ended = f"ended at its limit of {limit:.0f} s"
    elif status:
        ended = f"exit status {status}"
    found: dict[str, Any] = json.loads(file.read_text("utf-8") or "{}")
    if ended:
        print(f"  {name}: {ended}", flush=True)
        found["ended"] = ended
    return found


def _forked(given: argparse.Namespace, name: str, until: float) -> int | None:
    """The exit status of a part in a forked process; None if it had to be ended."""
    sys.stdout.flush()
    child = os.fork()
    if not child:
        status = 1
        try:
            status = _run(given, name)
        except BaseException:  # noqa: BLE001 — a forked process must end here
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _spawned(given: argparse.Namespace, name: str, until: float) -> int | None:
    """The same in a new process."""
    command = [sys.executable, "-m", "tests.benchmarks.gpu", str(given.folder), "0"]
    command += ["--part", name, "--device", given.device, *(["--small"] if given.small else [])]
    try:
        left = max(1.0, until - time.monotonic())
        return subprocess.run(command, timeout=left, check=False).returncode
    except subprocess.TimeoutExpired:
        return None


def _run(given: argparse.Namespace, name: str) -> int:
    """Run a part in this process."""
    import torch

    if given.device == "cuda":
        try:
            torch.zeros(1, device="cuda")
        except RuntimeError as error:
            print(f"  CUDA does not start: {error}", flush=True)
            return 1 if given.part else _NO_FORK
    from tests.benchmarks.gpu.notes import Notes
    from tests.benchmarks.gpu.parts import PARTS, Setting

    with tempfile.TemporaryDirectory(prefix="latent-trails-gpu-") as work:
        device = torch.device(given.device, 0) if given.device == "cuda" else torch.device("cpu")
        setting = Setting(device, Path(work), given.small)
        notes = Notes(_file(given.folder))
        with notes.attempt("part"):
            PARTS[name][0](notes, setting)
    return 0


def _import_all() -> None:
    """Import what the parts need; what cannot be imported fails where it is used."""
    pipelines = "diffusers.pipelines.stable_diffusion", "diffusers.pipelines.stable_diffusion_xl"
    for module in ("torch", "transformers", *pipelines, "tests.benchmarks.gpu.parts"):
        began = time.monotonic()
        try:
            __import__(module)
        except Exception:  # noqa: BLE001 — the parts that need it say so
            traceback.print_exc()
        print(f"import {module}: {time.monotonic() - began:.1f} s", flush=True)


def _file(folder: Path) -> Path:
    return folder / "part.json"


def _write(folder: Path, results: dict[str, Any]) -> None:
    text = json.dumps(results, indent=1, ensure_ascii=False)
    (folder / "results.json").write_text(text, encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where results.json is written")
    parser.add_argument("seconds", type=float, help="the budget")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--small", action="store_true", help="tiny networks, to test the script")
    parser.add_argument("--spawn", action="store_true", help="new processes instead of forked ones")
    parser.add_argument("--only", nargs="*", default=[], help="only these parts")
    parser.add_argument("--part", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
