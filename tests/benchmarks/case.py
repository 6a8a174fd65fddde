"""One case in a process of its own: `python -m tests.benchmarks.case ORDER.json RESULT.json`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.render.cpu_sharing import wait_briefly
from engine.walk import Sampling
from tests.benchmarks.workloads import Workload

ROOT = Path(__file__).parents[2]
#: The cases that run as this program does; the others run as anybody's script.
_OURS = ("O", "long", "everything", "memory", "parts", "program", "playback", "plane", "shared")


def run_case(name: str, workload: Workload, out: Path, **options: Any) -> dict[str, Any]:
    """Run a case in a fresh process, which writes its files to `out`. Raises RuntimeError."""
    out.mkdir(parents=True, exist_ok=True)
    order, result = out / "order.json", out / "result.json"
    order.write_text(json.dumps([name, asdict(workload), str(out), options]), encoding="utf-8")
    command = [sys.executable, "-m", "tests.benchmarks.case", str(order), str(result)]
    # Compiled bytecode may be kept, as on every desktop.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"The case {name} failed:\n{done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(result.read_text("utf-8"))
    return answer


def _do(name: str, workload: Workload, out: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Each case imports what it needs and no more: what is loaded belongs to what is measured."""
    if name in _OURS:
        wait_briefly()
    return _actions()[name](workload, out, **options)


def _actions() -> dict[str, Callable[..., dict[str, Any]]]:
    return {
        "A": _pipeline("Naive"),
        "A′": _pipeline("Careful"),
        "B": _pipeline("Batched"),
        "find batch": _late("pipelines", "find_batch"),
        "O": _late("engine_case", "run_engine"),
        "long": _late("long_case", "run_long"),
        "everything": _late("long_case", "run_everything"),
        "memory": _late("long_case", "run_memory"),
        "parts": _late("parts_case", "run_parts"),
        "program": _late("program_case", "run_program"),
        "export": _late("export_case", "run_export"),
        "shared": _late("shared_case", "run_shared"),
        "plane": _late("plane_case", "run_plane"),
        "playback": _late("playback_case", "run_playback"),
        "machine": lambda workload, out: _late("machine", "describe_machine")(workload),
    }


def _late(module: str, function: str) -> Callable[..., dict[str, Any]]:
    """A function that is imported when it is called."""

    def call(*args: Any, **options: Any) -> dict[str, Any]:
        from importlib import import_module

        found: Callable[..., dict[str, Any]] = getattr(
            import_module(f"tests.benchmarks.{module}"), function
        )
        return found(*args, **options)

    return call


def _pipeline(kind: str) -> Callable[..., dict[str, Any]]:
    def call(workload: Workload, out: Path, **options: Any) -> dict[str, Any]:
        from tests.benchmarks import pipelines

        return pipelines.run_pipeline(getattr(pipelines, kind), workload, out, **options)

    return call


def main(order: Path, result: Path) -> None:
    name, fields, out, options = json.loads(order.read_text("utf-8"))
    workload = Workload(**{**fields, "sampling": Sampling(**fields["sampling"])})
    answer = _do(name, workload, Path(out), options)
    result.write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
