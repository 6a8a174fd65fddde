"""The files of every family: checked and described before they are opened, damaged, absurd."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.errors import ModelError
from engine.models.families.contract import INDEX, Family, families
from engine.models.inspection.check import check_model
from engine.models.inspection.config_limits import read_config
from engine.models.inspection.report import read_object
from engine.models.load import open_model
from engine.models.networks.tokens import LimitedCounter, TokenCounter
from tests.support.all_families import MODELS, each_model

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@each_model
def test_a_folder_is_checked_and_described(folders: Any, name: str) -> None:
    report = check_model(folders(name))
    assert report.ok, report.problem
    assert report.family == MODELS[name].family
    sampling = families.get(report.family)(report.configs).sampling()
    assert sampling.steps > 0
    assert sampling.width > 0


def test_checking_and_naming_every_family_imports_nothing_heavy(folders: Any) -> None:
    """The window does so before any model is opened."""
    code = (
        "import sys\n"
        "from engine.models.inspection.check import check_model\n"
        "from engine.models.inspection.memory_need import memory_sentence\n"
        "from engine.models.inspection.recommended_settings import recommended\n"
        f"for folder in {[str(folders(name)) for name in MODELS]!r}:\n"
        "    report = check_model(folder)\n"
        "    assert report.ok, report.problem\n"
        "    assert recommended(report.path, report).steps and memory_sentence(report, True)\n"
        "sys.exit(any(m in sys.modules for m in ('torch', 'diffusers', 'transformers', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


HOSTILE = ("null", "-7", "1e999", "[]", '{"a": [1]}', f'"{"x" * 5000}"', "true", "[[1]]", "0.5")


@each_model
def test_a_config_with_absurd_values_is_refused_or_changes_nothing_bad(
    folders: Any, name: str, tmp_path: Path
) -> None:
    """Each option in turn: a sentence, or a model that still says its sizes and settings."""
    kind, plain = families.get(MODELS[name].family), check_model(folders(name)).configs
    for part, config in plain.items():
        file = tmp_path / f"{part}.json"
        for number, option in enumerate(config):
            value = HOSTILE[number % len(HOSTILE)]
            rest = {key: item for key, item in config.items() if key != option}
            given = f"{json.dumps(option)}: {value}}}"
            file.write_text(json.dumps(rest)[:-1] + (", " if rest else "") + given)
            with suppress(ModelError):
                read = read_config(file) if part != INDEX else read_object(file)
                _says_its_settings(kind({**plain, part: read}))


def _says_its_settings(family: Family) -> None:
    sampling = family.sampling()
    assert 0 < sampling.width <= 4096
    assert family.multiple > 0
    assert min(family.noise_shape(sampling.width, sampling.height)) > 0
    assert all(isinstance(text, str) for text in (family.description, *family.problems()))
    assert isinstance(family.scheduler_options(), dict)


@each_model
def test_every_missing_part_is_named(folders: Any, name: str, tmp_path: Path) -> None:
    kind = families.get(MODELS[name].family)
    for number, part in enumerate((*(p.name for p in kind.parts), *kind.tokenizers)):
        folder = Path(shutil.copytree(folders(name), tmp_path / str(number)))
        if not (folder / part).is_dir():
            continue
        shutil.rmtree(folder / part)
        assert part in check_model(folder).problem


@pytest.mark.parametrize("installed", [False, True])
def test_a_tokenizer_that_needs_more_packages_names_them(
    folders: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    folder = Path(shutil.copytree(folders("pixart-sigma"), tmp_path / "model"))
    (folder / "tokenizer" / "spiece.model").write_bytes(b"pieces")
    found = (lambda name: object()) if installed else (lambda name: None)
    monkeypatch.setattr("engine.models.inspection.folder_parts.find_spec", found)
    assert check_model(folder).ok, "tokenizer.json is enough"
    (folder / "tokenizer" / "tokenizer.json").unlink()
    problem = check_model(folder).problem
    assert ("pip install sentencepiece protobuf" in problem) != installed


@each_model
def test_a_missing_tensor_is_named(folders: Any, name: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(folders(name), tmp_path / "model"))
    part = folder / families.get(MODELS[name].family).denoiser
    (weights,) = part.glob("*.safetensors")
    tensors = load_file(weights)
    lost = next(n for n in sorted(tensors) if n.endswith("weight"))
    del tensors[lost]
    save_file(tensors, weights, {"format": "pt"})
    with pytest.raises(ModelError, match=f"lack '{lost}'"):
        open_model(str(folder), device="cpu")


@each_model
@pytest.mark.parametrize("part", ["denoiser", "vae", "text_encoder", "tokenizer"])
def test_files_that_do_not_fit_are_named(
    folders: Any, name: str, part: str, tmp_path: Path
) -> None:
    """A tensor of another shape, or a tokenizer that is none: one sentence, and no other error."""
    folder = Path(shutil.copytree(folders(name), tmp_path / "model"))
    if part == "tokenizer":
        (folder / part / "tokenizer.json").write_text('{"model": 7}')
    else:
        part = families.get(MODELS[name].family).denoiser if part == "denoiser" else part
        (weights,) = (folder / part).glob("*.safetensors")
        tensors = load_file(weights)
        changed = max(tensors, key=lambda each: tensors[each].numel())
        tensors[changed] = torch.zeros(3, 5)
        save_file(tensors, weights, {"format": "pt"})
    with pytest.raises(ModelError, match=r"fit|cannot be"):
        open_model(str(folder), device="cpu")


@each_model
def test_the_window_counts_tokens_as_the_engine_does(opened: Any, name: str) -> None:
    model, long = opened(name), "a cat of an orange fox " * 200
    info = model.info(1, True)
    folder = Path(info.tokenizer)
    counter = LimitedCounter(folder, info.tokens) if info.tokens else TokenCounter(folder)
    for prompt in (*MODELS[name].prompts, "", long):
        assert counter.count(prompt) == model.count(prompt)
    count = model.count(long)
    assert count.tokens > count.limit > 0
    first, second = (model.encode([text])[0] for text in (long, long[: count.cut]))
    assert first == second, "the model does not read further"
