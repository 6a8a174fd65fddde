"""The noises of several pairs."""

from __future__ import annotations

from engine.measuring.pair_seeds import with_seeds
from engine.walk import MAX_SEED, Exploration, Keyframe, MethodChoice, NoiseSource, Walk


def test_pairs_share_no_further_noise_of_a_method() -> None:
    """With the same noise in each, the pairs would not be independent."""
    walk = Walk(
        (Keyframe("a", NoiseSource(3)), Keyframe("a", NoiseSource(3, 1))),
        (MethodChoice("wander", (("radius", 5.0),)),),
    )
    compared = (MethodChoice("noise-loop", (("seed", MAX_SEED),)), MethodChoice("linear"))
    moved = with_seeds(Exploration(walk=walk, rows=(walk,), compare=compared), 4)
    for other in (moved.walk, *moved.rows):
        assert [k.noise for k in other.keyframes] == [NoiseSource(7), NoiseSource(7, 1)]
        assert dict(other.method_of(0).params) == {"radius": 5.0, "seed": 5}
    assert moved.compare == (MethodChoice("noise-loop", (("seed", 3),)), MethodChoice("linear"))
