"""The recommended defaults beside the weights, and the hint of what the model knows."""

from __future__ import annotations

import json
from pathlib import Path

from .vocabulary import ACCESSORIES, ACCESSORY_COLOURS, ANIMALS, BACKGROUNDS, FURS

STEPS = 20
GUIDANCE = 1.5
PROMPT = "An high resolution photo of a cat"
EXAMPLES = (
    PROMPT,
    "A high resolution photo of an orange cat in a meadow",
    "A photo of a blue owl at night",
    "A drawing of a red fox in the snow",
    "A photo of a pink rabbit with a yellow hat by the sea",
    "A photo of a green frog at sunset",
    "A drawing of a white bear with a red scarf in the forest",
    "A photo of a grey mouse with purple glasses on a yellow background",
)


def starter() -> dict[str, object]:
    """The content of starter.json."""
    return {
        "name": "Starter model",
        "steps": STEPS,
        "guidance": GUIDANCE,
        "width": 128,
        "height": 128,
        "examples": list(EXAMPLES),
        "hint": (
            "Knows portraits of a cat, dog, rabbit, bear, fox, owl, frog or mouse in twelve "
            "colours, in a place or on a plain background, perhaps with a scarf, hat, glasses, "
            "bow tie or flower, as a photo or a drawing, sharp or blurry."
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
            "accessories": list(ACCESSORIES[1:]),
            "accessory_colours": list(ACCESSORY_COLOURS),
            "styles": ["photo", "image", "picture", "drawing", "sketch"],
            "finishes": ["high resolution", "detailed", "sharp", "blurry", "soft"],
        },
    }


def write_starter(folder: Path) -> None:
    """Writes starter.json."""
    text = json.dumps(starter(), indent=2, ensure_ascii=False) + "\n"
    (folder / "starter.json").write_text(text, "utf-8")
