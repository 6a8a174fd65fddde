"""The recipe for a GPU, for a few steps on whatever device there is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from resources.starter_model.recipe import on_gpu, train_clip, train_text, train_unet, train_vae


def test_the_parts_are_trained_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_gpu.multiprocessing, "cpu_count", lambda: 1)
    monkeypatch.setattr(train_vae, "psnr", lambda vae: 0.0)
    monkeypatch.setattr(train_clip, "top1", lambda model, options: 0.0)
    options = ["--work", str(tmp_path), "--count", "6", "--scale", "0.0005", "--minutes", "0.001"]
    options += ["--batch", "2", "--only", "data,text,vae,clip,unet", "--threads", "1"]
    monkeypatch.setattr(sys, "argv", ["on_gpu", *options])
    on_gpu.main()
    vae = train_vae.load_final(tmp_path)
    assert vae.config.latent_channels == 4
    unet = train_unet.build()
    state = torch.load(tmp_path / "unet.pt", weights_only=True)["average"]
    unet.load_state_dict(state)
    assert all(bool(torch.isfinite(value).all()) for value in state.values())
    assert (tmp_path / "clip.pt").exists()
    assert unet.config.cross_attention_dim == train_text.WIDTH
