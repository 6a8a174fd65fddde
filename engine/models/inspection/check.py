"""Checks the kind, completeness and safety of a model before it is opened.

Reads configs and the headers of weights, but never the weights. Imports no large library, because
the window calls it directly. Files that can run code (pickles, Python) are recognised by name and
never opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.models.inspection.checkpoint import check_checkpoint
from engine.models.inspection.config_limits import read_config
from engine.models.inspection.report import (
    PICKLES,
    Family,
    ModelForm,
    ModelPart,
    ModelReport,
    read_object,
    refused,
)
from engine.models.inspection.safetensors_header import WeightsHeader, read_header
from engine.models.inspection.scheduler_config import (
    prediction_type,
    replaced_scheduler,
    solver_name,
)

#: The model that ships with the program.
STARTER_FOLDER = Path(__file__).parents[3] / "resources" / "starter_model"

_LIBRARIES = frozenset({"diffusers", "transformers", "stable_diffusion"})
#: Folder → the classes that we build for it. Other contents of a folder are not used.
_CLASSES = {
    "text_encoder": ("CLIPTextModel",),
    "unet": ("UNet2DConditionModel",),
    "vae": ("AutoencoderKL",),
}
_STEMS = {
    "text_encoder": "model",
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
}
_SCHEDULE = "scheduler/scheduler_config.json"
_FAMILIES = {768: Family.SD1, 1024: Family.SD2}


def check_model(path: Path, half: bool = False) -> ModelReport:
    """Checks the model folder or file at `path`. `half` prefers weights in half precision.

    Does not raise errors for problems of the model. The report contains all problems.
    """
    path = Path(path)
    try:
        if path.is_dir():
            return _check_folder(path, half)
        if path.is_file():
            return check_checkpoint(path)
    except OSError as error:
        return refused(path, f"{path} cannot be read ({error.strerror}).")
    return refused(path, f"There is no model at {path}; choose a folder, a file or a hub id.")


def _check_folder(path: Path, half: bool) -> ModelReport:
    if not any(path.iterdir()):
        return refused(path, f"The folder {path} is empty; choose one with a model in it.")
    try:
        index = read_object(path / "model_index.json")
        problem = _code_in(path, index) or _foreign_pipeline(path, index)
        return refused(path, problem) if problem else _examine_parts(path, half)
    except ModelError as error:
        return refused(path, str(error))


def check_configs(path: Path) -> str:
    """Returns the reason why the model with configs at `path` cannot generate images, or "".

    The weights may be missing, because this check runs before their download.
    """
    try:
        index = read_object(path / "model_index.json")
        problem = _code_in(path, index) or _foreign_pipeline(path, index)
        if problem:
            return problem
        configs = {name: read_config(path / name / "config.json") for name in _CLASSES}
        read_config(path / _SCHEDULE)
    except ModelError as error:
        return str(error)
    return " ".join(_misfits(configs))


def check_clip_config(folder: Path) -> str:
    """Returns the reason why the config in `folder` is not of a CLIP model, or ""."""
    try:
        is_clip = read_config(folder / "config.json").get("model_type") == "clip"
    except ModelError as error:
        return str(error)
    return "" if is_clip else f"{folder} is no CLIP model; choose another for scoring."


def check_clip(folder: Path) -> str:
    """Returns one sentence: the reason why the CLIP model in `folder` cannot score, or ""."""
    problem = check_clip_config(folder)
    if problem:
        return problem
    try:
        read_header(folder / "model.safetensors")
    except ModelError as error:
        return str(error)
    lacking = _missing_words(folder)
    return f"{folder} lacks {', '.join(lacking)}; fetch the model again." if lacking else ""


def _examine_parts(path: Path, half: bool) -> ModelReport:
    missing = [f"tokenizer/{name}" for name in _missing_words(path / "tokenizer")]
    parts, problems, scheduler = [], [], {}
    if (path / _SCHEDULE).is_file():
        scheduler = read_config(path / _SCHEDULE)
    else:
        missing.append(_SCHEDULE)
    for name in _CLASSES:
        try:
            part = _read_part(path / name, half)
        except ModelError as error:
            problems.append(str(error))
            continue
        if part is None:
            missing.append(f"{name}/")
        else:
            parts.append(part)
    if missing:
        problems.insert(0, f"{path} lacks {', '.join(sorted(missing))}; fetch the model again.")
    problems += _misfits({part.name: part.config for part in parts})
    name = str(scheduler.get("_class_name", ""))
    return ModelReport(
        path,
        ModelForm.FOLDER,
        family=_family({part.name: part.config for part in parts}),
        prediction=prediction_type(name, scheduler),
        scheduler=name,
        schedule=scheduler,
        parts=tuple(parts),
        bytes=sum(part.bytes for part in parts),
        problems=tuple(problems),
        notes=_notes(name, scheduler),
    )


def _notes(scheduler: str, schedule: Mapping[str, Any]) -> tuple[str, ...]:
    replaced = replaced_scheduler(scheduler, schedule)
    if not replaced:
        return ()
    return (f"The solver {solver_name(scheduler, schedule)} stands in for its own, {replaced}.",)


def _code_in(path: Path, index: Mapping[str, Any]) -> str:
    """Returns the reason why the folder is unsafe to open (its own Python code), or ""."""
    scripts = sorted([*path.glob("*.py"), *path.glob("*/*.py")])
    if scripts:
        return (
            f"{path} holds Python code ({scripts[0].relative_to(path)}), which a model does not "
            "need; it was not opened: remove the code if you trust the rest."
        )
    for name, entry in index.items():
        if not _is_plain(name, entry):
            return (
                f"{path / 'model_index.json'} names code of its own for {name!r}; it was not "
                "opened: get the model in the plain diffusers layout."
            )
    return ""


def _is_plain(name: str, entry: object) -> bool:
    """True if an entry of model_index.json names only classes of known libraries.

    A part is a list of a library and a class. All other values are data. The class of the pipeline
    must be one name. A list in its place loads code, and so do options with the name of a module
    or pipeline.
    """
    if name == "_class_name":
        return isinstance(entry, str)
    if name.startswith("_") or "custom" in name:
        return "module" not in name and "pipeline" not in name
    if isinstance(entry, list):
        return len(entry) == 2 and (entry[0] is None or str(entry[0]) in _LIBRARIES)
    return True


def _foreign_pipeline(path: Path, index: Mapping[str, Any]) -> str:
    """Returns the reason why another pipeline cannot be used, by the parts in its index."""
    pipeline = str(index.get("_class_name", ""))
    if "text_encoder_2" in index:
        return f"{path} is an SDXL model ({pipeline}); this program draws with SD 1.x and 2.x."
    if "transformer" in index or "prior" in index or "unet" not in index:
        return f"{path} is a model of {pipeline}; this program draws with SD 1.x and 2.x."
    for name, classes in _CLASSES.items():
        entry = index.get(name)
        if isinstance(entry, list) and entry[1] not in classes:
            return (
                f"The {name} of {path} is a {entry[1]}; "
                f"this program knows {classes[0]}: choose an SD 1.x or 2.x model."
            )
    return ""


def _missing_words(folder: Path) -> list[str]:
    """Returns the missing tokenizer files. A tokenizer needs tokenizer.json or a pair of files."""
    if (folder / "tokenizer.json").is_file():
        return []
    return [name for name in ("vocab.json", "merges.txt") if not (folder / name).is_file()]


def _read_part(folder: Path, half: bool) -> ModelPart | None:
    """Reads the network in `folder`, or returns None without one. Raises ModelError for damage."""
    if not folder.is_dir():
        return None
    config = read_config(folder / "config.json")
    weights = _weights_in(folder, _STEMS[folder.name], half)
    headers = [read_header(file) for file in weights]
    _check_channels(folder, config, headers)
    return ModelPart(folder.name, config, tuple(weights), sum(h.bytes for h in headers))


def _weights_in(folder: Path, stem: str, half: bool) -> list[Path]:
    """Returns the safetensors files of a network, in the preferred precision if both exist."""
    for variant in (".fp16", "") if half else ("", ".fp16"):
        whole = folder / f"{stem}{variant}.safetensors"
        if whole.is_file():
            return [whole]
        index = folder / f"{stem}.safetensors.index{variant}.json"
        if index.is_file():
            return _shards(index)
    pickles = sorted(f.name for f in folder.iterdir() if f.suffix in PICKLES)
    if pickles:
        raise ModelError(
            f"{folder} has its weights only as a pickle ({pickles[0]}), which could run any code; "
            "it was not opened: get the model as safetensors."
        )
    raise ModelError(f"{folder} lacks its weights ({stem}.safetensors); fetch the model again.")


def _shards(index: Path) -> list[Path]:
    names = read_object(index).get("weight_map")
    if not isinstance(names, dict) or not all(
        isinstance(n, str) and n == Path(n).name and n.endswith(".safetensors")
        for n in names.values()
    ):
        raise ModelError(f"{index} is no index of weights; fetch the model again.")
    return [index.parent / name for name in sorted(set(names.values()))]


def _check_channels(folder: Path, config: Mapping[str, Any], headers: list[WeightsHeader]) -> None:
    """Compares the first layer with the config. Raises ModelError with both values."""
    if folder.name != "unet":
        return
    for header in headers:
        channels = header.channels_into("conv_in.weight")
        if channels is not None and channels != config.get("in_channels", 4):
            raise ModelError(
                f"The weights in {folder} take {channels} channels where the config says "
                f"{config.get('in_channels', 4)}; fetch the model again."
            )


def _misfits(configs: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Returns sentences about parts that do not fit together or that this program cannot use."""
    unet, vae, text = (configs.get(name, {}) for name in ("unet", "vae", "text_encoder"))
    problems = []
    channels, latent = unet.get("in_channels", 4), vae.get("latent_channels", 4)
    if unet and unet.get("addition_embed_type"):
        problems.append("Its UNet is that of SDXL; this program draws with SD 1.x and 2.x.")
    if unet and vae and channels != latent:
        uses = {9: "inpainting", 8: "editing by instruction or depth", 5: "depth", 7: "upscaling"}
        use = f" (a model for {uses[channels]})" if channels in uses else ""
        problems.append(
            f"Its UNet takes {channels} channels{use} and its VAE has {latent}; "
            "choose a text-to-image model."
        )
    if unet and text and unet.get("cross_attention_dim", 1280) != text.get("hidden_size", 512):
        problems.append(
            f"Its UNet listens to text of width {unet.get('cross_attention_dim', 1280)}, its text "
            f"encoder gives {text.get('hidden_size', 512)}; the parts are of different models."
        )
    return problems


def _family(configs: Mapping[str, Mapping[str, Any]]) -> Family:
    width = configs.get("unet", {}).get("cross_attention_dim", 1280)
    return _FAMILIES.get(width if isinstance(width, int) else 0, Family.OTHER)
