"""Our UNet against diffusers' own."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel

from engine.models.networks.build import build_unet
from engine.models.networks.unet_config import OPTIONS, PLAIN, is_plain
from engine.models.running.unet_runner import ForeignUnet, make_runner
from tests.support.texts import sequences
from tests.support.tiny_unets import make_inputs, make_our_unet, make_unet

SHAPES: dict[str, dict[str, Any]] = {
    "like SD 1": {},
    "like SD 2": {"use_linear_projection": True, "attention_head_dim": (2, 4)},
    "two layers": {"layers_per_block": 2, "transformer_layers_per_block": 2},
    "told its guidance": {"time_cond_proj_dim": 8},
}


@torch.inference_mode()
def _run(runner: Any, sample: Any, timesteps: Any, texts: Any) -> torch.Tensor:
    return runner(sample, runner.time_state(timesteps), runner.text_state(sequences(texts)))


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("side", [(8, 8), (16, 6), (7, 5)])
def test_it_computes_what_the_network_computes(name: str, side: tuple[int, int]) -> None:
    unet = make_unet(**SHAPES[name])
    condition = torch.ones(1, 8) if "time_cond_proj_dim" in SHAPES[name] else None
    sample, timesteps, texts = make_inputs(side=side)
    expected = _run(ForeignUnet(unet, condition), sample, timesteps, texts)
    found = _run(make_runner(make_our_unet(unet), condition), sample, timesteps, texts)
    assert torch.allclose(found, expected, atol=2e-5)


def test_every_option_of_diffusers_is_known() -> None:
    """A new one might change the formulas; these are for training, or belong to options above."""
    idle = {
        *("sample_size", "dropout", "upcast_attention", "addition_time_embed_dim"),
        *("projection_class_embeddings_input_dim", "addition_embed_type_num_heads"),
    }
    options = inspect.signature(UNet2DConditionModel.__init__).parameters
    assert {*options} - {"self"} == idle | OPTIONS.keys() | PLAIN.keys()
    for name, value in {**OPTIONS, **PLAIN}.items():
        assert options[name].default == value, name


def test_what_trainers_leave_in_configs_changes_nothing() -> None:
    assert is_plain({**make_unet().config, "use_ema_warmup": True, "decay": 0.9999})


def test_rows_do_not_know_each_other() -> None:
    fast = make_runner(make_our_unet(make_unet()))
    sample, timesteps, texts = make_inputs()
    together = _run(fast, sample, timesteps, texts)
    alone = [_run(fast, sample[k, None], timesteps[k, None], texts[k, None]) for k in range(3)]
    assert torch.allclose(together, torch.cat(alone), atol=1e-5)


def test_no_weight_is_stored_twice() -> None:
    unet = make_our_unet(make_unet())
    fast = make_runner(unet)
    middle: Any = unet.mid_block
    attention = middle.attentions[0].transformer_blocks[0].attn1
    before = _run(fast, *make_inputs())
    attention.to_v.weight.data.zero_()
    assert not torch.equal(_run(fast, *make_inputs()), before)


@pytest.mark.parametrize(
    "options",
    [
        {"resnet_time_scale_shift": "scale_shift"},
        {"class_embed_type": "timestep"},
        {"act_fn": "mish"},
        {"down_block_types": ("DownBlock2D", "SimpleCrossAttnDownBlock2D")},
    ],
)
def test_a_network_it_does_not_know_runs_as_it_is(options: dict[str, Any]) -> None:
    theirs = make_unet(**options)
    assert not is_plain(theirs.config)
    unet = build_unet(theirs.config, dict(theirs.state_dict()))
    assert isinstance(unet, UNet2DConditionModel)
    assert isinstance(make_runner(unet), ForeignUnet)
