"""Models of a hub: a server on this machine stands in for it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from diffusers import SD3Transformer2DModel
from filelock import FileLock
from huggingface_hub import constants

from engine.errors import Cancelled, ModelError
from engine.models.hub.client import Hub, is_hub_id
from engine.models.hub.required_files import clip_model, diffusion_model
from engine.models.inspection.check import check_model
from engine.models.locate import locate
from tests.support.loopback_hub import MODEL, LoopbackHub, serve
from tests.support.tiny_families.sd3 import MODELS as SD3_MODELS
from tests.support.tiny_models import make_tiny_clip, make_tiny_model

SD3 = SD3_MODELS[0]
STABLE_DIFFUSION = diffusion_model(half=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = make_tiny_model(tmp_path_factory.mktemp("model"))
    (model / "README.md").write_text("not needed")
    (model / "unet" / "diffusion_pytorch_model.bin").write_text("never fetched")
    return model


@pytest.fixture
def server(folder: Path) -> Iterator[LoopbackHub]:
    with serve(folder) as hub:
        yield hub


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def hub_of(server: LoopbackHub, cache: Path, timeout_s: float = 5.0) -> Hub:
    return Hub(server.endpoint, str(cache), timeout_s)


def silent(stage: str, fraction: float) -> None:
    """A caller that listens and says nothing."""


@pytest.mark.usefixtures("online")
def test_a_model_is_fetched_once(server: LoopbackHub, cache: Path) -> None:
    seen: list[float] = []
    hub = hub_of(server, cache)
    found = hub.fetch(MODEL, STABLE_DIFFUSION, lambda _, fraction: seen.append(fraction))
    assert check_model(found).ok
    assert seen == sorted(seen)
    assert not any(name in request for request in server.requests for name in ("README", ".bin"))
    server.requests.clear()
    assert hub.fetch(MODEL, STABLE_DIFFUSION, silent) == found
    assert server.requests == []


@pytest.mark.usefixtures("online")
def test_a_model_is_looked_at_before_it_is_fetched(server: LoopbackHub, cache: Path) -> None:
    hub = hub_of(server, cache)
    found = hub.look(MODEL, STABLE_DIFFUSION)
    assert found is not None
    assert found.bytes > 1e6
    assert not found.scores
    sizes = {
        part: (server.folder / part).glob("*.safetensors")
        for part in ("text_encoder", "unet", "vae")
    }
    text, unet, vae = (sum(f.stat().st_size for f in found) for found in sizes.values())
    assert (found.text_encoders, found.rest) == (text, unet + vae)
    assert len(server.requests) == 1
    assert not cache.exists()
    files = [
        file for file in hub.fetch(MODEL, STABLE_DIFFUSION, silent).rglob("*") if file.is_file()
    ]
    assert (len(files), sum(f.stat().st_size for f in files)) == (found.files, found.bytes)
    assert hub.look(MODEL, STABLE_DIFFUSION) is None


@pytest.mark.usefixtures("online")
def test_the_weights_of_a_model_that_cannot_be_used_are_not_fetched(
    folder: Path, tmp_path: Path, cache: Path
) -> None:
    model = Path(shutil.copytree(folder, tmp_path / "inpainting"))
    config = model / "unet" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"in_channels": 9}))
    with serve(model) as server, pytest.raises(ModelError, match=r"was not downloaded.*9 channels"):
        hub_of(server, cache).fetch(MODEL, STABLE_DIFFUSION, silent)
    assert any("unet/config.json" in request for request in server.requests)
    assert not any(".safetensors" in request for request in server.requests)


@pytest.mark.usefixtures("online")
@pytest.mark.parametrize("checksum", ["../../../outside", "0" * 63, "0" * 63 + "/", "Z" * 64])
def test_a_checksum_that_is_none_never_becomes_a_path(
    server: LoopbackHub, cache: Path, checksum: str
) -> None:
    server.checksum = checksum
    with pytest.raises(ModelError, match="no SHA-256 checksum"):
        hub_of(server, cache).fetch(MODEL, STABLE_DIFFUSION, silent)
    assert not cache.exists()


@pytest.mark.usefixtures("online")
def test_two_programs_fetch_each_file_once(server: LoopbackHub, cache: Path) -> None:
    hubs = [hub_of(server, cache, 30.0) for _ in range(2)]
    with ThreadPoolExecutor() as pool:
        work = [pool.submit(hub.fetch, MODEL, STABLE_DIFFUSION, silent) for hub in hubs]
        folders = {job.result(timeout=30) for job in work}
    assert len(folders) == 1
    assert check_model(folders.pop()).ok
    weights = [r for r in server.requests if r.startswith("GET") and ".safetensors" in r]
    assert len(weights) == len(set(weights)) == 3


@pytest.mark.usefixtures("online")
def test_waiting_for_another_program_can_be_cancelled(server: LoopbackHub, cache: Path) -> None:
    digest = hashlib.sha256(
        (server.folder / "unet" / "diffusion_pytorch_model.safetensors").read_bytes()
    ).hexdigest()
    lock = cache / ".locks" / "models--someone--tiny" / f"{digest}.lock"
    lock.parent.mkdir(parents=True)
    heard = 0

    def impatient(stage: str, fraction: float) -> None:
        nonlocal heard
        heard += stage.startswith("Downloading")
        if heard > 5:
            raise Cancelled

    with FileLock(lock), pytest.raises(Cancelled):
        hub_of(server, cache, 30.0).fetch(MODEL, STABLE_DIFFUSION, impatient)


@pytest.mark.usefixtures("online")
def test_a_scorer_is_fetched(tmp_path: Path, cache: Path) -> None:
    with serve(make_tiny_clip(tmp_path / "clip")) as server:
        folder = hub_of(server, cache).fetch(MODEL, clip_model(), silent)
        (cached,) = hub_of(server, cache).cached()
    assert (folder / "preprocessor_config.json").is_file()
    assert (cached.id, cached.problem, cached.scores) == (MODEL, "", True)
    assert cached.bytes > 0
    with serve(tmp_path) as server, pytest.raises(ModelError, match="no CLIP model"):
        hub_of(server, tmp_path / "other").fetch(MODEL, clip_model(), silent)


def run_with(server: LoopbackHub, cache: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Another program, for which HF_ENDPOINT and HF_HOME decide, as for all that use the hub."""
    environment = os.environ | {
        "HF_ENDPOINT": server.endpoint,
        "HF_HOME": str(cache),
        "HF_HUB_OFFLINE": "0",
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_model_that_was_asked_for_is_fetched_and_no_other(
    server: LoopbackHub, cache: Path
) -> None:
    code = (
        "from engine.models.locate import locate\n"
        f"print(locate({MODEL!r}, False, lambda *_: None, %s))"
    )
    refused = run_with(server, cache, code % "()")
    assert "MissingModel" in refused.stderr
    assert "nothing is downloaded unasked" in refused.stderr
    assert server.requests == []
    run = run_with(server, cache, code % repr((MODEL,)))
    assert check_model(Path(run.stdout.strip())).ok, run.stderr
    assert all(MODEL in request for request in server.requests), server.requests
    server.requests.clear()
    assert run_with(server, cache, code % "()").stdout == run.stdout
    assert server.requests == []


def test_a_model_named_on_the_command_line_is_fetched_with_progress(
    server: LoopbackHub, cache: Path
) -> None:
    code = (
        "import argparse; from engine.cli import options as cli\n"
        "parser = argparse.ArgumentParser(); cli.add_walk_options(parser)\n"
        f"options = parser.parse_args(['--model', {MODEL!r}, '--device', 'cpu'])\n"
        "print(cli.exploration_from(options, cli.named_model(options)).sampling.width)"
    )
    run = run_with(server, cache, code)
    assert run.stdout == "32\n", run.stderr
    assert f"Downloading {MODEL}" in run.stderr


@pytest.mark.usefixtures("online")
def test_offline_uses_the_cache_alone(
    server: LoopbackHub, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R14
    hub = hub_of(server, cache)
    found = hub.fetch(MODEL, STABLE_DIFFUSION, silent)
    server.requests.clear()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert hub.fetch(MODEL, STABLE_DIFFUSION, silent) == found
    with pytest.raises(ModelError, match="offline"):
        hub.fetch("someone/else", STABLE_DIFFUSION, silent)
    assert server.requests == []


@pytest.mark.usefixtures("online")
@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "login"), (403, "licence"), (404, "no model called"), (500, "error 500")],
)
def test_refusals_are_told_apart(
    server: LoopbackHub, cache: Path, status: int, words: str
) -> None:  # R15
    server.status = status
    with pytest.raises(ModelError, match=words):
        hub_of(server, cache).fetch(MODEL, STABLE_DIFFUSION, silent)


@pytest.mark.usefixtures("online")
def test_a_family_that_cannot_be_drawn_with_is_refused_before_any_weights(
    tmp_path: Path, cache: Path
) -> None:
    model = make_tiny_model(tmp_path / "model")
    index = model / "model_index.json"
    named = {"_class_name": "HunyuanDiTPipeline", "transformer": ["diffusers", "HunyuanDiT2DModel"]}
    index.write_text(json.dumps(json.loads(index.read_text()) | named))
    with serve(model) as server, pytest.raises(ModelError, match="a model of HunyuanDiTPipeline"):
        hub_of(server, cache).fetch(MODEL, STABLE_DIFFUSION, silent)
    assert not any("safetensors" in request for request in server.requests)


@pytest.mark.usefixtures("online")
@pytest.mark.parametrize("half", [False, True])
def test_a_model_of_many_parts_with_weights_in_pieces_is_fetched_whole(
    tmp_path: Path, cache: Path, half: bool
) -> None:
    model = SD3.write(tmp_path / "model")
    transformer = SD3Transformer2DModel.from_pretrained(model / "transformer")
    (model / "transformer" / "diffusion_pytorch_model.safetensors").unlink()
    transformer.save_pretrained(model / "transformer", max_shard_size="20KB")
    transformer.half().save_pretrained(model / "transformer", max_shard_size="20KB", variant="fp16")
    assert len(list((model / "transformer").glob("*-of-*.safetensors"))) >= 4
    (model / "image_encoder").mkdir()
    (model / "image_encoder" / "model.safetensors").write_bytes(b"never fetched")
    with serve(model) as server:
        found = hub_of(server, cache).fetch(MODEL, diffusion_model(half), silent)
    report = check_model(found, half)
    assert report.ok, report.problem
    assert (report.family, report.label) == ("sd3", "SD 3.5")
    fetched = {file.name for file in (found / "transformer").glob("*.safetensors")}
    assert len(fetched) >= 2
    assert all((".fp16" in name) == half for name in fetched)
    assert not (found / "image_encoder").exists()
    assert (found / "tokenizer_3" / "tokenizer.json").exists()


@pytest.mark.usefixtures("online")
def test_an_unknown_name_and_a_closed_door_are_told_apart(cache: Path) -> None:  # R15
    with pytest.raises(ModelError, match="cannot be resolved"):
        Hub("http://hub.invalid", str(cache)).fetch(MODEL, STABLE_DIFFUSION, silent)
    with pytest.raises(ModelError, match="cannot be reached"):
        Hub("http://127.0.0.1:9", str(cache)).fetch(MODEL, STABLE_DIFFUSION, silent)


@pytest.mark.usefixtures("online")
def test_a_stall_is_noticed_and_what_arrived_is_kept(
    server: LoopbackHub, cache: Path
) -> None:  # R15
    server.stall_after = 1000
    with pytest.raises(ModelError, match="sent nothing"):
        hub_of(server, cache, timeout_s=0.5).fetch(MODEL, STABLE_DIFFUSION, silent)
    server.release.set()
    server.stall_after = None
    server.requests.clear()
    assert check_model(hub_of(server, cache).fetch(MODEL, STABLE_DIFFUSION, silent)).ok
    assert any(request.endswith("bytes=1000-") for request in server.requests), server.requests


@pytest.mark.usefixtures("online")
def test_a_hub_that_begins_anew_has_sent_nothing_before(server: LoopbackHub, cache: Path) -> None:
    server.stall_after = 1000
    with pytest.raises(ModelError, match="sent nothing"):
        hub_of(server, cache, timeout_s=0.5).fetch(MODEL, STABLE_DIFFUSION, silent)
    server.release.set()
    server.stall_after, server.resumes = None, False
    shares: list[float] = []
    folder = hub_of(server, cache).fetch(
        MODEL, STABLE_DIFFUSION, lambda stage, share: shares.append(share)
    )
    assert check_model(folder).ok
    assert max(shares) <= 1


@pytest.mark.usefixtures("online")
def test_a_download_that_stalls_can_be_cancelled(server: LoopbackHub, cache: Path) -> None:  # R15
    server.stall_after = 1000

    def cancel(stage: str, fraction: float) -> None:
        if fraction > 0:
            raise Cancelled

    with pytest.raises(Cancelled):  # though the hub sends nothing for an hour
        hub_of(server, cache, timeout_s=3600.0).fetch(MODEL, STABLE_DIFFUSION, cancel)


@pytest.mark.usefixtures("online")
def test_damage_on_the_way_is_noticed(server: LoopbackHub, cache: Path) -> None:  # R15
    server.corrupt = True
    with pytest.raises(ModelError, match="checksum"):
        hub_of(server, cache).fetch(MODEL, STABLE_DIFFUSION, silent)
    server.corrupt = False
    assert check_model(hub_of(server, cache).fetch(MODEL, STABLE_DIFFUSION, silent)).ok


@pytest.mark.usefixtures("online")
def test_a_full_disk_is_noticed_beforehand(
    server: LoopbackHub, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R17
    usage = shutil.disk_usage(cache.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10**8))
    with pytest.raises(ModelError, match=r"takes 0\.0 GB and .* has 0\.1 GB left"):
        hub_of(server, cache).fetch(MODEL, STABLE_DIFFUSION, silent)
    assert not any("resolve" in request for request in server.requests)


@pytest.mark.usefixtures("online")
def test_broken_entries_hide_no_others(server: LoopbackHub, cache: Path) -> None:  # R16
    hub = hub_of(server, cache)
    assert hub.cached() == ()
    hub.fetch(MODEL, STABLE_DIFFUSION, silent)
    (cache / "models--broken--empty").mkdir()
    half_there = cache / "models--half--there" / "snapshots" / "0"
    shutil.copytree(server.folder, half_there)
    (half_there / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    (cache / "models--text--only" / "snapshots" / "0").mkdir(parents=True)
    models = {model.id: model for model in hub.cached()}
    assert list(models) == ["broken/empty", "half/there", MODEL]
    assert models[MODEL].problem == ""
    assert models[MODEL].bytes > 1e6
    assert models["broken/empty"].problem
    assert "vae" in models["half/there"].problem


@pytest.mark.parametrize("text", ["owner/name", "CompVis/stable-diffusion-v1-4", "a/b.c_d"])
def test_hub_ids(text: str) -> None:
    assert is_hub_id(text)


@pytest.mark.parametrize("text", ["name", "/owner/name", "../name", "a/b/c", "a/..", "a\\b", ""])
def test_no_hub_ids(text: str) -> None:
    assert not is_hub_id(text)
    with pytest.raises(ModelError, match="no model"):
        locate(text or "nowhere", False, silent)
