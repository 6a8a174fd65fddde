"""The examination of the machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from huggingface_hub import constants

from engine.cli.doctor import Finding, as_json, as_text, examine
from tests.support.tiny_families.sd3 import MODELS

GOOD = Finding("Python", "3.13")
BAD = Finding.of("Starter model", "there is none", False, "Get it.")


def test_everything_is_examined() -> None:
    findings = {finding.name: finding for finding in examine()}
    for name in ("Python", "torch", "Device cpu", "Video, MP4 (H.264)", "Hub cache", "Memory"):
        assert findings[name].ok, findings[name]
    assert {"Starter model", "Display", "Frames at once", "CPU threads"} <= findings.keys()
    assert "GiB free" in findings["Device cpu"].value
    assert "as fast in matrix products" in findings["bfloat16 on the CPU"].value
    for finding in findings.values():
        assert finding.ok == (finding.advice == ""), finding


def test_text_says_what_to_do() -> None:
    lines = as_text((GOOD, BAD)).splitlines()
    assert lines[0].split() == ["ok", "Python", "3.13"]
    assert lines[1].startswith("!!")
    assert lines[2].strip() == "→ Get it."


def test_json_holds_the_same() -> None:
    content = json.loads(as_json((GOOD, BAD)))
    assert content["ok"] is False
    assert content["findings"][1] == {
        "name": "Starter model",
        "value": "there is none",
        "ok": False,
        "advice": "Get it.",
    }
    assert json.loads(as_json((GOOD,)))["ok"] is True


@pytest.mark.parametrize("free", [10**12, 10])
def test_the_need_of_models_in_the_cache_is_compared_with_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int
) -> None:
    MODELS[0].write(tmp_path / "models--someone--tiny" / "snapshots" / "main")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("engine.models.running.devices.free_memory", lambda _: free)
    finding = next(f for f in examine() if f.name == "someone/tiny")
    assert finding.value.startswith("SD 3.5. Needs about")
    assert finding.ok == (free > 10)
    assert ("too large" in finding.value) != finding.ok
