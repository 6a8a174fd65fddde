"""Opens parts of a model folder with diffusers and transformers. Never runs code of the folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

# Read once, when diffusers is imported: no code from a model folder or the hub is ever run.
os.environ["DIFFUSERS_DISABLE_REMOTE_CODE"] = "1"

import torch

from engine.errors import ModelError
from engine.models.inspection.report import ModelPart


def open_part(folder: Path, part: ModelPart, dtype: torch.dtype) -> Any:
    """The network of a part, on the CPU, in evaluation mode. `folder` is the model's.

    Raises ModelError where its config or weights cannot be used.
    """
    variant = "fp16" if any(".fp16" in file.name for file in part.weights) else None
    options = {"use_safetensors": True, "local_files_only": True, "variant": variant}
    try:
        network, loading = _class_of(part).from_pretrained(
            folder / part.name, output_loading_info=True, **_options_of(part, dtype), **options
        )
    except (*_DAMAGES, ImportError, MemoryError) as error:
        raise ModelError(
            f"The {part.name} of {folder} cannot be opened as {part.kind} "
            f"({str(error).splitlines()[0][:300] if str(error) else error!r}); "
            "fetch the model again."
        ) from error
    missing = sorted(loading["missing_keys"])
    if missing:
        raise ModelError(
            f"The weights of the {part.name} do not fit its config: they lack {missing[0]!r} "
            f"({len(missing)} missing); fetch the model again."
        )
    return network.eval().requires_grad_(False)


def open_tokenizer(folder: Path) -> Any:
    """The tokenizer in `folder`, as transformers makes it. Raises ModelError if it cannot."""
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (*_DAMAGES, ImportError) as error:
        raise ModelError(
            f"The tokenizer in {folder} cannot be read ({str(error).splitlines()[0][:300]}); "
            "fetch the model again."
        ) from error


#: What libraries raise for configs and weights that do not fit.
_DAMAGES = (
    *(OSError, TypeError, ValueError, LookupError, AttributeError, RuntimeError),
    *(ArithmeticError, AssertionError),
)


def _is_transformers(part: ModelPart) -> bool:
    return part.name.startswith("text_encoder")


def _class_of(part: ModelPart) -> Any:
    """The class of a part. Its library draws no bars of progress in the terminal."""
    if _is_transformers(part):
        import transformers

        transformers.utils.logging.disable_progress_bar()
        return getattr(transformers, part.kind)
    import diffusers

    diffusers.utils.logging.disable_progress_bar()
    return getattr(diffusers, part.kind)


def _options_of(part: ModelPart, dtype: torch.dtype) -> dict[str, Any]:
    if _is_transformers(part):
        return {"dtype": dtype}
    # A mapped file that another program cuts short would end the whole process.
    return {"torch_dtype": dtype, "low_cpu_mem_usage": False, "disable_mmap": True}
