"""The description of a family for its tests: a tiny model of it, and calls of its pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from engine.conditioning import Conditioning

#: The arguments of a pipeline's call.
Arguments = dict[str, Any]


def plain_arguments(prompt: str, negative: str, guidance: float) -> Arguments:
    """The arguments of most pipelines for prompts and the strength of guidance."""
    return {"prompt": prompt, "negative_prompt": negative, "guidance_scale": guidance}


def masked_arguments(positive: Conditioning, negative: Conditioning, guidance: float) -> Arguments:
    """The arguments of pipelines that take sequences with masks."""
    arguments: Arguments = {"negative_prompt": None, "guidance_scale": guidance}
    for name, text in (("", positive), ("negative_", negative)):
        for role, array in text.arrays.items():
            word = {"sequence": "prompt_embeds", "mask": "prompt_attention_mask"}[role]
            arguments[f"{name}{word}"] = torch.tensor(array)[None]
    return arguments


def pooled_arguments(positive: Conditioning, negative: Conditioning, guidance: float) -> Arguments:
    """The arguments of pipelines that take sequences and perhaps pooled vectors."""
    arguments: Arguments = {"guidance_scale": guidance}
    for name, text in (("", positive), ("negative_", negative)):
        for role, array in text.arrays.items():
            word = {"sequence": "prompt_embeds", "pooled": "pooled_prompt_embeds"}[role]
            arguments[f"{name}{word}"] = torch.tensor(array)[None]
    return arguments


@dataclass(frozen=True)
class TinyFamily:
    """One tiny model of a family.

    `make` builds its pipeline with random weights. `with_prompts` and `with_texts` are the
    arguments of the pipeline's call for prompts and for their encodings. `guidances` are strengths
    to test. `sizes` are widths and heights in pixels. `packs` is True if the pipeline takes
    latents as the denoiser does. `extra` are further arguments of its call.
    """

    name: str
    family: str
    make: Callable[[], Any]
    guidances: tuple[float, ...] = (4.0, 1.0)
    sizes: tuple[tuple[int, int], ...] = ((32, 32), (48, 32))
    steps: int = 3
    with_prompts: Callable[[str, str, float], Arguments] = plain_arguments
    with_texts: Callable[[Conditioning, Conditioning, float], Arguments] = pooled_arguments
    packs: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
    #: Parts that the model does not have.
    absent: tuple[str, ...] = ()
    #: Words of prompts of unequal length; the second is longer.
    prompts: tuple[str, str] = ("a cat", "a photo of an orange cat in the snow at night")
    negative: str = "blurry"

    def write(self, folder: Path) -> Path:
        """Write the model in the diffusers layout, the same weights each time."""
        with torch.random.fork_rng():
            torch.manual_seed(0)
            pipe = self.make()
            for part in pipe.components.values():
                if isinstance(part, torch.nn.Module):
                    _spread(part)
            pipe.save_pretrained(folder)
        return folder


def _spread(module: torch.nn.Module) -> None:
    """Gives values to weights that start at zero, as gates and last layers do."""
    for parameter in module.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.2)


_TEXT = """
a cat photo of an orange in the snow at night blurry drawing red fox dog and <unk> <pad> <eos> <bos>
<|im_start|> <|im_end|> system user assistant <think> </think>
"""
_WORDS = tuple(_TEXT.split())


def make_word_tokenizer(length: int, start: bool = False, end: bool = True, **options: Any) -> Any:
    """A tokenizer of transformers with a few whole words; other words are <unk>.

    `start` and `end` add marks. `length` is the model's limit.
    """
    words = {word: number for number, word in enumerate(_WORDS)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    marks = [mark for mark, used in (("<bos>", start), ("<eos>", end)) if used]
    if marks:
        template = " ".join((*["<bos>"] * start, "$A", *["<eos>"] * end))
        tokenizer.post_processor = processors.TemplateProcessing(
            single=template, special_tokens=[(mark, words[mark]) for mark in marks]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        pad_token="<pad>",
        eos_token="<eos>",
        bos_token="<bos>",
        model_max_length=length,
        padding_side="right",
        **options,
    )


def vocabulary_size() -> int:
    """The number of words of `make_word_tokenizer`."""
    return len(_WORDS)
