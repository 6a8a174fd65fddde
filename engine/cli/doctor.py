"""Checks the machine and the installation, and says how to correct what is missing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.errors import install_command
from engine.requests import LIBRARY, weights_offered

_PACKAGES = (
    "torch",
    "diffusers",
    "transformers",
    "PySide6-Essentials",
    "pyqtgraph",
    "av",
    "opencv-python-headless",
    "huggingface_hub",
)
#: The number of weights of the UNet of Stable Diffusion 1.
_SD1_WEIGHTS = 859_520_964


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check. `advice` says what to do if it is not `ok`; otherwise it is ""."""

    name: str
    value: str
    ok: bool = True
    advice: str = ""

    @classmethod
    def of(cls, name: str, value: str, ok: bool, advice: str) -> Finding:
        """Create a finding, with `advice` only if it is not `ok`."""
        return cls(name, value, ok, "" if ok else advice)


def examine() -> tuple[Finding, ...]:
    """Runs all checks. Takes some seconds and does not use the network."""
    checks = (_versions, _qt, _display, _devices, _encoders, _starter, _caches, _memory)
    return tuple(finding for check in checks for finding in _guarded(check))


def as_text(findings: tuple[Finding, ...]) -> str:
    """Formats the findings as text: a line each, with advice below it."""
    width = max(len(finding.name) for finding in findings)
    lines = []
    for finding in findings:
        mark = "ok" if finding.ok else "!!"
        lines.append(f"{mark}  {finding.name:<{width}}  {finding.value}")
        if not finding.ok:
            lines.append(f"{'':<{width + 6}}→ {finding.advice}")
    return "\n".join(lines)


def as_json(findings: tuple[Finding, ...]) -> str:
    """Formats the findings as JSON: {"ok": …, "findings": [{name, value, ok, advice} …]}."""
    content = {"ok": all(f.ok for f in findings), "findings": [asdict(f) for f in findings]}
    return json.dumps(content, ensure_ascii=False, indent=2)


def _guarded(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Runs a check. An exception becomes a finding, so that the other checks still run."""
    try:
        yield from check()
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        name = check.__name__.strip("_")
        yield Finding(name, f"{type(error).__name__}: {error}", False, "Install the program again.")


def _versions() -> Iterator[Finding]:
    yield Finding.of(
        "Python",
        f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        sys.version_info >= (3, 11),
        "Use Python 3.11 or newer.",
    )
    for package in _PACKAGES:
        try:
            yield Finding(package, importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            advice = f"Install it: {install_command(package)}"
            yield Finding.of(package, "missing", False, advice)
    offered = weights_offered()
    more = "" if len(offered) > 1 else f"; for 8 and 4 bits: {install_command(LIBRARY)}"
    yield Finding("Weights", f"{', '.join(offered)}{more}")


def _qt() -> Iterator[Finding]:
    """Checks that Qt's platform plug-in finds the system's libraries, without starting Qt."""
    if sys.platform != "linux":
        return
    spec = importlib.util.find_spec("PySide6")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    plugins = [p for f in folders if (p := Path(f, "Qt/plugins/platforms/libqxcb.so")).is_file()]
    for plugin in plugins:
        code = "import ctypes, sys; ctypes.CDLL(sys.argv[1])"
        command = [sys.executable, "-c", code, str(plugin)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        missing = run.stderr.strip().rpartition("OSError: ")[2].partition(":")[0]
        yield Finding.of(
            "Qt system libraries",
            "all there" if run.returncode == 0 else f"{missing} is missing",
            run.returncode == 0,
            "Run ./run.sh as root once, or install the libraries that it names.",
        )


def _display() -> Iterator[Finding]:
    if sys.platform != "linux":
        yield Finding("Display", "the system's own")
        return
    names = ("WAYLAND_DISPLAY", "DISPLAY", "QT_QPA_PLATFORM")
    found = [f"{name}={os.environ[name]}" for name in names if os.environ.get(name)]
    advice = "Without a screen there is `./run.sh render`; over ssh, try `ssh -X`."
    yield Finding.of("Display", ", ".join(found) or "none", bool(found), advice)


def _devices() -> Iterator[Finding]:
    from engine.models.running.devices import (
        available_devices,
        choose_batch,
        choose_device,
        choose_dtype,
        free_memory,
        self_check,
        use_threads,
    )

    for name in available_devices():
        device = choose_device(name)
        dtype = choose_dtype(device)
        fault = self_check(device, dtype)
        advice = "Update the graphics driver, or choose another device with --device."
        free = f"{free_memory(device) / 2**30:.1f} GiB free"
        chosen = f"{device_name(name)}, {free}, {str(dtype).removeprefix('torch.')}"
        yield Finding.of(f"Device {name}", fault or chosen, not fault, advice)
    yield _bfloat16()
    best = choose_device()
    small, large = choose_batch(best, 16, _starter_weights()), choose_batch(best, 64, _SD1_WEIGHTS)
    value = f"{small} of the starter model, {large} at 512×512, on {best}"
    yield Finding("Frames at once", value)
    yield Finding("CPU threads", f"{use_threads()} of {os.cpu_count()}")


def _starter_weights() -> int:
    from engine.models.inspection.check import STARTER_FOLDER, check_model

    return sum(part.counts.all for part in check_model(STARTER_FOLDER).parts if part.name == "unet")


def _bfloat16() -> Finding:
    """Says if large models may be rendered in bfloat16 on the CPU."""
    from engine.models.running.precision import WORTHWHILE, product_speedup

    speedup = product_speedup()
    use = "each large model is measured" if speedup >= WORTHWHILE else "models stay in float32"
    return Finding("bfloat16 on the CPU", f"{speedup:.1f}× as fast in matrix products; {use}")


def device_name(device: str) -> str:
    """Returns the name of a device with its memory."""
    import torch

    if not device.startswith("cuda"):
        return {"mps": "Apple GPU"}.get(device, platform.processor() or platform.machine())
    properties = torch.cuda.get_device_properties(device)
    return f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB"


def _encoders() -> Iterator[Finding]:
    from engine.export.contract import formats
    from engine.export.film.film_format import FilmFormat

    for format_ in (formats.get(name) for name in formats.names()):
        if issubclass(format_, FilmFormat):
            there = format_.available()
            reinstall = install_command("--force-reinstall", "av")
            advice = f"Install PyAV from a wheel: {reinstall}"
            value = "can be written" if there else "no encoder"
            yield Finding.of(format_.label, value, there, advice)


def _starter() -> Iterator[Finding]:
    from engine.models.inspection.check import STARTER_FOLDER, check_model

    report = check_model(STARTER_FOLDER)
    value = f"{report.label}, {report.bytes / 1e6:.0f} MB" if report.ok else report.problem
    advice = "Get the program again: its own model is part of it."
    yield Finding.of("Starter model", value, report.ok, advice)


def _caches() -> Iterator[Finding]:
    from huggingface_hub import constants

    from engine.models.hub.client import Hub
    from engine.models.hub.offline import is_offline

    models = Hub().cached()
    size = sum(model.bytes for model in models)
    value = f"{constants.HF_HUB_CACHE}, {len(models)} models, {size / 1e9:.1f} GB"
    yield Finding("Hub cache", value)
    for model in models:
        if model.problem:
            yield Finding(model.id, model.problem, False, f"Delete {model.folder}")
        elif not model.scores:
            yield _need_of(model.id)
    yield Finding("Network", "off (HF_HUB_OFFLINE)" if is_offline() else "for hub models only")


def _need_of(model: str) -> Finding:
    """Compares a cached model's need with the free memory of the best device."""
    from engine.models.hub.client import Hub
    from engine.models.hub.required_files import diffusion_model
    from engine.models.inspection.check import check_model
    from engine.models.inspection.memory_need import Fit, memory_need, memory_sentence
    from engine.models.running.devices import choose_device, free_memory, uses_half

    device, half = choose_device(), uses_half()
    free, gpu = free_memory(device), device.type != "cpu"
    folder = Hub().folder_of(model, diffusion_model(half))
    report = check_model(folder, half) if folder is not None else None
    if report is None or not report.ok:
        return Finding(model, "not complete")
    fits = memory_need(report, half).fit(free, gpu) is not Fit.NOT
    value = f"{report.label}. {memory_sentence(report, half, free, gpu=gpu)}"
    advice = "Choose a smaller model, or close other programs."
    if memory_need(report, half, 4).fit(free, gpu) is not Fit.NOT:
        advice = f"Use weights of 4 bits. {memory_sentence(report, half, free, 4, gpu)}"
    return Finding.of(model, value, fits, advice)


def _memory() -> Iterator[Finding]:
    import psutil

    memory = psutil.virtual_memory()
    free, total = memory.available / 2**30, memory.total / 2**30
    advice = "Close other programs, or choose a smaller model."
    yield Finding.of("Memory", f"{free:.1f} of {total:.1f} GiB free", free > 1, advice)
    disk = shutil.disk_usage(Path.home()).free / 2**30
    yield Finding.of("Disk", f"{disk:.0f} GiB free at home", disk > 1, "Make room on the disk.")
