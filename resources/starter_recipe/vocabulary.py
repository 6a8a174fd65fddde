"""What the starter model knows: animals, colours, places, accessories; and their class numbers."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[float, float, float]

ANIMALS = ("cat", "dog", "rabbit", "bear", "fox", "owl", "frog", "mouse")

#: How much of red, green and blue light felt of this colour gives back.
FURS: dict[str, Colour] = {
    "red": (0.74, 0.12, 0.11),
    "orange": (0.92, 0.40, 0.07),
    "yellow": (0.94, 0.74, 0.14),
    "green": (0.25, 0.55, 0.20),
    "turquoise": (0.12, 0.63, 0.62),
    "blue": (0.16, 0.33, 0.78),
    "purple": (0.43, 0.22, 0.68),
    "pink": (0.93, 0.46, 0.60),
    "brown": (0.40, 0.22, 0.12),
    "black": (0.085, 0.08, 0.09),
    "white": (0.84, 0.82, 0.78),
    "grey": (0.44, 0.44, 0.46),
}

PLACES = ("meadow", "night", "sea", "snow", "sunset", "forest")

BACKGROUNDS: dict[str, Colour] = {
    "pink": (0.93, 0.62, 0.70),
    "yellow": (0.94, 0.84, 0.52),
    "green": (0.52, 0.74, 0.48),
    "blue": (0.45, 0.66, 0.90),
    "purple": (0.66, 0.54, 0.86),
    "grey": (0.66, 0.67, 0.69),
}

# A scene is a place or a plain background; one label for both.
SCENES = PLACES + tuple(f"plain {name}" for name in BACKGROUNDS)

ACCESSORIES = ("scarf", "hat", "glasses", "bow tie", "flower")
#: A scarf and a bow tie share the neck, a hat and a flower the head.
TOGETHER = (
    ("scarf", "hat"),
    ("scarf", "glasses"),
    ("scarf", "flower"),
    ("hat", "glasses"),
    ("hat", "bow tie"),
    ("glasses", "bow tie"),
    ("glasses", "flower"),
    ("bow tie", "flower"),
)

ACCESSORY_COLOURS: dict[str, Colour] = {
    "red": (0.78, 0.07, 0.10),
    "yellow": (0.97, 0.76, 0.10),
    "green": (0.10, 0.50, 0.20),
    "blue": (0.08, 0.24, 0.76),
    "purple": (0.42, 0.14, 0.66),
    "black": (0.05, 0.045, 0.05),
}

FINISHES = ("sharp", "blurry", "noisy")

PICTURE_SIZE = 128


@dataclass(frozen=True, slots=True)
class Worn:
    """An accessory and its colour."""

    accessory: str
    colour: str


@dataclass(frozen=True, slots=True)
class Animal:
    """One figure: its species and the colour of its felt."""

    species: str
    fur: str


@dataclass(frozen=True, slots=True)
class Attributes:
    """Everything a caption can say of a picture.

    One or two animals, from left to right, as captions name them; two of them wear the same.
    """

    animals: tuple[Animal, ...]
    scene: str
    worn: tuple[Worn, ...] = ()
    finish: str = "sharp"

    def labels(self) -> list[int]:
        """The attributes as class numbers, in the order of `LABEL_NAMES`."""
        furs, colours = tuple(FURS), tuple(ACCESSORY_COLOURS)
        first = self.animals[0]
        second, second_fur = len(ANIMALS), len(FURS)
        if len(self.animals) == 2:
            second = ANIMALS.index(self.animals[1].species)
            second_fur = furs.index(self.animals[1].fur)
        wears = {worn.accessory: colours.index(worn.colour) for worn in self.worn}
        return [
            ANIMALS.index(first.species),
            furs.index(first.fur),
            SCENES.index(self.scene),
            second,
            second_fur,
            FINISHES.index(self.finish),
            *(int(accessory in wears) for accessory in ACCESSORIES),
            *(wears.get(accessory, len(colours)) for accessory in ACCESSORIES),
        ]


#: The second animal and its fur, and the colours of accessories, have one more class for "none".
LABELS: dict[str, int] = {
    "animal": len(ANIMALS),
    "fur": len(FURS),
    "scene": len(SCENES),
    "second animal": len(ANIMALS) + 1,
    "second fur": len(FURS) + 1,
    "finish": len(FINISHES),
    **dict.fromkeys(ACCESSORIES, 2),
    **{f"{accessory} colour": len(ACCESSORY_COLOURS) + 1 for accessory in ACCESSORIES},
}
LABEL_NAMES, LABEL_SIZES = tuple(LABELS), tuple(LABELS.values())
