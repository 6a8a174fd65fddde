"""Our text tower against transformers' own."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import CLIPTextConfig, CLIPTextModel

from engine.errors import ModelError
from engine.models.inspection.check import STARTER_FOLDER
from engine.models.inspection.report import read_object
from engine.models.networks.build import build_text_encoder
from engine.models.networks.tokens import TokenCounter
from engine.models.weights_file import read_weights

SHAPES: dict[str, dict[str, Any]] = {
    "like SD 1": {"hidden_act": "quick_gelu"},
    "like SD 2": {"hidden_act": "gelu", "num_hidden_layers": 3},
    "one head": {"num_attention_heads": 1, "layer_norm_eps": 1e-3},
}


def _theirs(**options: Any) -> CLIPTextModel:
    base = {
        "vocab_size": 60,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 20,
    }
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = CLIPTextModel(CLIPTextConfig(**base | options))
        for parameter in model.parameters():  # also those that start at 0 or 1
            parameter.data += 0.2 * torch.randn_like(parameter)
    return model.eval().requires_grad_(False)


def _ids(length: int) -> torch.Tensor:
    return torch.randint(0, 60, (3, length), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("length", [20, 7])
def test_it_computes_what_the_network_computes(name: str, length: int) -> None:
    theirs = _theirs(**SHAPES[name])
    ours = build_text_encoder(theirs.config.to_dict(), dict(theirs.state_dict()))
    expected = theirs(_ids(length)).last_hidden_state
    assert torch.allclose(ours(_ids(length)), expected, atol=1e-6)


def test_padding_is_hidden_where_the_model_was_trained_so() -> None:
    theirs = _theirs()
    config = theirs.config.to_dict() | {"use_attention_mask": True}
    ours = build_text_encoder(config, dict(theirs.state_dict()))
    mask = torch.tensor([[1] * 20, [1] * 5 + [0] * 15, [1] + [0] * 19])
    expected = theirs(_ids(20), attention_mask=mask).last_hidden_state
    assert ours.masks_padding
    assert torch.allclose(ours(_ids(20), mask), expected, atol=1e-6)


def test_names_with_and_without_the_prefix() -> None:
    theirs = _theirs()
    config, state = theirs.config.to_dict(), dict(theirs.state_dict())
    old = {f"text_model.{name}": tensor for name, tensor in state.items()}
    old["text_model.embeddings.position_ids"] = torch.arange(20)[None]
    assert torch.equal(
        build_text_encoder(config, old)(_ids(9)), build_text_encoder(config, state)(_ids(9))
    )


def test_the_starter_models_texts() -> None:
    folder = STARTER_FOLDER / "text_encoder"
    theirs = CLIPTextModel.from_pretrained(folder, dtype=torch.float32)
    state = read_weights(folder / "model.safetensors", torch.float32)
    ours = build_text_encoder(read_object(folder / "config.json"), state)
    tokenizer = TokenCounter(STARTER_FOLDER / "tokenizer")
    ids = torch.tensor(tokenizer.ids(["", "a black cat in the snow", "Ünïcødé 🐈 " * 50]))
    with torch.inference_mode():
        assert torch.allclose(ours(ids), theirs(ids).last_hidden_state, atol=1e-6)


def test_an_unknown_activation_is_named() -> None:
    theirs = _theirs()
    config = theirs.config.to_dict() | {"hidden_act": "relu6"}
    with pytest.raises(ModelError, match="relu6"):
        build_text_encoder(config, dict(theirs.state_dict()))


@pytest.mark.parametrize("heads", [3, None, [1, 2], 0, "x"])
def test_heads_that_do_not_divide_the_channels_are_named(heads: Any) -> None:
    theirs = _theirs()
    config = theirs.config.to_dict() | {"num_attention_heads": heads}
    with pytest.raises(ModelError, match="text encoder"):
        build_text_encoder(config, dict(theirs.state_dict()))
