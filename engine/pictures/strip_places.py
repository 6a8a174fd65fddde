"""The places of a walk's pictures on the strip that translation moves over.

Imports no large library. Pure functions.
"""

from __future__ import annotations

from engine.methods.contract import make_method
from engine.walk import Exploration, Walk, lanes_of

#: Pixels by which most models move a picture at once.
_PIXELS = 8


def strip_places(exploration: Exploration, pixels: int = _PIXELS) -> tuple[tuple[float, ...], ...]:
    """Returns for each lane the left edge of each of its frames, in widths of a picture.

    Translation through k keyframes moves a window over their k noises side by side: from place 0 to
    k−1, by `pixels` at once, the `multiple` of the model. A lane with another method has no places.
    """
    columns = max(exploration.sampling.width // pixels, 1)
    return tuple(_places(lane.walk, columns) for lane in lanes_of(exploration))


def _places(walk: Walk, columns: int) -> tuple[float, ...]:
    methods = [make_method(walk.method_of(segment)) for segment in range(walk.segments)]
    if not all(method.moves_picture for method in methods):
        return ()
    places = []
    for index in range(walk.frames):
        segment, gamma = walk.locate(walk.time_of(index))
        seam = methods[segment].seam(gamma, columns)
        places.append(segment + (gamma if seam is None else 1.0 - seam / columns))
    return tuple(places)
