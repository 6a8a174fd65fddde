"""The recommended defaults beside the weights, the hint of what the model knows, and its words."""

from __future__ import annotations

import json
from pathlib import Path

from .captions import known_words
from .train_tokenizer import sample_captions
from .vocabulary import ACCESSORIES, ACCESSORY_COLOURS, ANIMALS, BACKGROUNDS, FURS

STEPS = 14
GUIDANCE = 3.0
#: The opening walk leads from the first draw of this seed to the second.
SEED = 43
PROMPT = "An high resolution photo of a cat"
EXAMPLES = (
    PROMPT,
    "A photo of an orange cat in a meadow",
    "A photo of a blue owl at night",
    "A photo of a red fox in the snow",
    "A photo of a pink rabbit wearing a yellow hat by the sea",
    "A photo of a green frog at sunset",
    "A photo of a brown bear and a white rabbit in the forest",
    "A photo of a grey mouse wearing purple glasses on a yellow background",
)
_WORD_CAPTIONS = 20_000


def starter() -> dict[str, object]:
    """The content of starter.json."""
    return {
        "name": "Starter model",
        "steps": STEPS,
        "guidance": GUIDANCE,
        "seed": SEED,
        "width": 128,
        "height": 128,
        "examples": list(EXAMPLES),
        "hint": (
            "Knows small woollen animals: a cat, dog, rabbit, bear, fox, owl, frog or mouse, or "
            "two of them (the first one on the left), in twelve colours, in a place or on a plain "
            "background, perhaps with a scarf, hat, glasses, bow tie or flower."
        ),
        "vocabulary": {
            "animals": list(ANIMALS),
            "colours": list(FURS),
            "places": [
                "in a meadow",
                "at night",
                "by the sea",
                "in the snow",
                "at sunset",
                "in a forest",
            ],
            "backgrounds": [f"on a {name} background" for name in BACKGROUNDS],
            "accessories": list(ACCESSORIES),
            "accessory_colours": list(ACCESSORY_COLOURS),
            "styles": ["photo", "image", "picture"],
            "finishes": ["high resolution", "detailed", "sharp", "blurry", "soft"],
        },
    }


def write_starter(folder: Path) -> None:
    """Writes starter.json, and words.json with every word that the captions use."""
    _write(folder / "starter.json", starter())
    _write(folder / "words.json", known_words(sample_captions(_WORD_CAPTIONS)))


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
