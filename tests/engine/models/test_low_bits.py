"""Weights of 8 and 4 bits: pictures near those of full weights, and less memory."""

from __future__ import annotations

import importlib
import math
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from engine.errors import InputError
from engine.models.inspection.check import check_model
from engine.models.inspection.memory_need import memory_need
from engine.models.load import open_model
from engine.models.loaded import DiffusionModel
from engine.render.sampling.lockstep import LockstepSampler
from engine.render.sampling.sampler import Guidance, Sampler
from tests.support import tiny_families
from tests.support.tiny_families.contract import TinyFamily
from tests.support.tiny_models import make_tiny_model

MODELS = {
    tiny.name: tiny
    for module in pkgutil.iter_modules(tiny_families.__path__)
    if module.name != "contract"
    for tiny in importlib.import_module(f"{tiny_families.__name__}.{module.name}").MODELS
}
#: The least likeness in dB of pictures of tiny models to those of full weights, by bits.
LEAST_DB = {8: 50.0, 4: 30.0}
pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def picture(model: DiffusionModel, tiny: TinyFamily) -> torch.Tensor:
    """The picture [H, W, 3] of a prompt, with the strongest guidance of the tiny model."""
    family, shape = model.family, model.latent_shape(*tiny.sizes[0])
    guided = Guidance(tiny.guidances[-1], above=family.guided_above, combine=family.guide)
    text = model.encode([""])[0]
    table = model.table(model.solver, shape, tiny.steps)
    sampler: Sampler[int] | LockstepSampler[int] = (
        LockstepSampler(model, tiny.steps, guided, 1, shape, text)
        if table is None
        else Sampler(model, table, guided, 1, shape, text)
    )
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(0)).numpy()
    negative = model.encode([tiny.negative], negative=True)[0]
    sampler.admit(0, noise, model.encode([tiny.prompts[1]])[0], negative)
    while not (done := sampler.tick()):
        pass
    found = model.decode(done[0][1][None])[0]
    assert found is not None
    return found.float()


@pytest.mark.parametrize("name", MODELS)
def test_pictures_stay_near_and_weights_get_smaller(tmp_path: Path, name: str) -> None:
    pytest.importorskip("bitsandbytes", reason="the optional library of weights of few bits")
    tiny = MODELS[name]
    folder = tiny.write(tmp_path)
    report = check_model(folder)
    whole = open_model(str(folder), device="cpu")
    expected, sizes = picture(whole, tiny), [whole.info(1, True).bytes_loaded]
    for bits, least in LEAST_DB.items():
        model = open_model(str(folder), device="cpu", weight_bits=bits)
        info = model.info(1, True)
        error = float(((picture(model, tiny) - expected) ** 2).mean())
        assert error > 0.0, "it was rounded"
        assert 10.0 * math.log10(255.0**2 / error) >= least
        estimate = memory_need(report, half=False, weight_bits=bits).together / 1.2
        assert info.bytes_loaded == pytest.approx(estimate, rel=0.1)
        assert info.arithmetic == f"float32, {bits}-bit weights"
        sizes.append(info.bytes_loaded)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[1] < 0.98 * sizes[0]


def test_only_blocks_are_rounded(tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes", reason="the optional library of weights of few bits")
    from engine.models.low_bits import LowBitLinear, with_low_bits

    layer = torch.nn.Linear(64, 32)
    inner, odd = torch.nn.Linear(16, 8), torch.nn.Linear(7, 3)
    block = torch.nn.ModuleDict({"to_q": inner, "to_k": odd})
    parts = {"mlp": torch.nn.Sequential(layer), "transformer_blocks": torch.nn.ModuleList([block])}
    with_low_bits(torch.nn.ModuleDict(parts), 4, torch.device("cpu"))
    assert parts["mlp"][0] is layer
    rounded, kept = block["to_q"], block["to_k"]
    assert isinstance(rounded, LowBitLinear)
    assert kept is odd, "its 21 weights are no whole block"
    assert rounded.weight.dtype == torch.float32
    levels = rounded.weight / rounded.weight.abs().max()
    assert len(levels.unique()) <= 32, "two blocks of sixteen levels"
    x = torch.randn(5, 16)
    assert torch.equal(rounded(x), torch.nn.functional.linear(x, rounded.weight, inner.bias))


def test_families_with_own_networks_keep_full_weights(tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes", reason="the optional library of weights of few bits")
    folder = str(make_tiny_model(tmp_path))
    whole, asked = (open_model(folder, device="cpu", weight_bits=bits) for bits in (0, 4))
    assert asked.info(1, True) == whole.info(1, True)


def test_without_the_library_a_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(make_tiny_model(tmp_path))
    monkeypatch.setattr("engine.requests.find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"^Weights of 4 bits .*pip install bitsandbytes.*\.$"):
        open_model(folder, device="cpu", weight_bits=4)
    with pytest.raises(InputError, match="8 or 4 bits"):
        open_model(folder, device="cpu", weight_bits=5)
    assert open_model(folder, device="cpu").weight_bits == 0


def test_compute_kernels_are_not_fetched_from_the_hub(tmp_path: Path) -> None:
    """Diffusers and bitsandbytes would import this package, and let it download code."""
    (tmp_path / "kernels.py").write_text("print('imported')")
    code = (
        "import sys, importlib.util\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "import engine.models\n"
        "assert importlib.util.find_spec('kernels') is None\n"
        "try:\n    import kernels\n"
        "except ImportError:\n    print('refused')\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "refused\n"
