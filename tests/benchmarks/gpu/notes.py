"""The findings of one part, written to a file with each number, so that none is lost."""

from __future__ import annotations

import json
import statistics
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch


class Notes:
    """Findings by name. `file` has all of them at any time."""

    def __init__(self, file: Path) -> None:
        self._file, self._found, self._began = file, dict[str, Any](), time.perf_counter()

    def put(self, name: str, value: Any) -> None:
        """Add a finding, and print it with the seconds since the part began."""
        self._found[name] = value
        self._file.write_text(json.dumps(self._found), encoding="utf-8")
        print(f"  {time.perf_counter() - self._began:5.1f} s  {name}: {value}", flush=True)

    @contextmanager
    def attempt(self, name: str) -> Iterator[None]:
        """Note an error instead of raising it, so that what follows is still measured."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 — whatever fails costs only itself
            traceback.print_exc()
            self.put(f"{name}: failed", f"{type(error).__name__}: {error}"[:300])


def wait_for(device: torch.device) -> None:
    """Returns when the device has nothing left to do."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(device: torch.device, work: Callable[[], object]) -> float:
    """Seconds that some work takes on a device."""
    wait_for(device)
    began = time.perf_counter()
    work()
    wait_for(device)
    return time.perf_counter() - began


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Median, quartiles and number of some values."""
    low, middle, high = (
        statistics.quantiles(values, n=4, method="inclusive")
        if len(values) > 1
        else [values[0]] * 3
    )
    return {"median": middle, "quartiles": [low, high], "n": len(values)}


def paces(device: torch.device, work: Callable[[], object], times: int) -> dict[str, Any]:
    """The spread of the seconds of some work, after one call that does not count."""
    work()
    return spread([seconds(device, work) for _ in range(times)])
