"""Weights are read as safetensors reads them, and a file that changes meanwhile is an error."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.errors import ModelError
from engine.models.weights_file import read_weights


@pytest.fixture
def file(tmp_path: Path) -> Path:
    generator = torch.Generator().manual_seed(0)
    tensors = {
        "half": torch.randn(3, 5, generator=generator).half(),
        "brain": torch.randn(7, generator=generator).bfloat16(),
        "single": torch.randn(2, 2, 2, generator=generator),
        "scalar": torch.tensor(2.5),
        "none": torch.zeros(0, 4),
        "numbers": torch.arange(9),
    }
    save_file(tensors, tmp_path / "weights.safetensors")
    return tmp_path / "weights.safetensors"


def test_tensors_are_those_of_the_file(file: Path) -> None:
    expected, found = load_file(file), read_weights(file, torch.float32)
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        plain = tensor.float() if tensor.is_floating_point() else tensor
        assert found[name].dtype == plain.dtype
        assert torch.equal(found[name], plain)


def test_only_what_is_needed_is_read(file: Path) -> None:
    assert read_weights(file, torch.float32, lambda name: name == "half").keys() == {"half"}


def test_a_file_that_is_cut_short_while_it_is_read_is_named(file: Path) -> None:  # R18
    def cut(_name: str) -> bool:
        os.truncate(file, file.stat().st_size // 2)
        return True

    with pytest.raises(ModelError, match=r"weights\.safetensors was cut short"):
        read_weights(file, torch.float32, cut)


def test_a_file_that_vanishes_after_it_was_read_harms_nothing(file: Path) -> None:  # R18
    found = read_weights(file, torch.float32)
    before = {name: tensor.clone() for name, tensor in found.items()}
    os.truncate(file, 0)
    assert all(torch.equal(found[name], before[name]) for name in found)


def test_an_unknown_type_is_named(tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    save_file({"a": torch.zeros(4, dtype=torch.complex64)}, file)
    with pytest.raises(ModelError, match="of the type"):
        read_weights(file, torch.float32)
