"""What the starter model knows: animals, colours, places, accessories, styles; their numbers."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]

ANIMALS = ("cat", "dog", "rabbit", "bear", "fox", "owl", "frog", "mouse")

FURS: dict[str, Colour] = {
    "red": (214, 52, 48),
    "orange": (245, 140, 40),
    "yellow": (250, 212, 66),
    "green": (84, 172, 80),
    "turquoise": (64, 196, 196),
    "blue": (66, 118, 222),
    "purple": (146, 88, 200),
    "pink": (250, 150, 186),
    "brown": (142, 88, 56),
    "black": (58, 56, 70),
    "white": (248, 246, 242),
    "grey": (150, 152, 158),
}

PLACES = ("meadow", "night", "sea", "snow", "sunset", "forest")

BACKGROUNDS: dict[str, Colour] = {
    "pink": (248, 190, 208),
    "yellow": (252, 226, 140),
    "green": (164, 214, 160),
    "blue": (160, 204, 244),
    "purple": (198, 178, 234),
    "grey": (206, 208, 212),
}

# A scene is a place or a plain background; one label for both.
SCENES = PLACES + tuple(f"plain {name}" for name in BACKGROUNDS)

ACCESSORIES = ("none", "scarf", "hat", "glasses", "bow tie", "flower")

ACCESSORY_COLOURS: dict[str, Colour] = {
    "red": (222, 44, 56),
    "yellow": (252, 208, 48),
    "green": (56, 160, 84),
    "blue": (44, 96, 210),
    "purple": (140, 70, 196),
    "black": (44, 42, 52),
}

STYLES = ("photo", "drawing")

FINISHES = ("sharp", "blurry", "noisy")

PICTURE_SIZE = 128


@dataclass(frozen=True, slots=True)
class Attributes:
    """Everything a caption can say of a picture."""

    animal: str
    fur: str
    scene: str
    accessory: str
    accessory_colour: str
    style: str
    finish: str = "sharp"

    def labels(self) -> tuple[int, int, int, int, int, int, int]:
        """The attributes as class numbers, in the order of `LABEL_SIZES`."""
        colours = tuple(ACCESSORY_COLOURS)
        colour = len(colours) if self.accessory == "none" else colours.index(self.accessory_colour)
        return (
            ANIMALS.index(self.animal),
            tuple(FURS).index(self.fur),
            SCENES.index(self.scene),
            ACCESSORIES.index(self.accessory),
            colour,
            STYLES.index(self.style),
            FINISHES.index(self.finish),
        )


LABEL_NAMES = ("animal", "fur", "scene", "accessory", "accessory colour", "style", "finish")
LABEL_SIZES = (
    len(ANIMALS),
    len(FURS),
    len(SCENES),
    len(ACCESSORIES),
    len(ACCESSORY_COLOURS) + 1,
    len(STYLES),
    len(FINISHES),
)
