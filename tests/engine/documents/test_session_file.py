"""Sessions: what is saved comes back equal, and nothing hostile comes through."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.atomic import Existing
from engine.documents.session_file import (
    MAX_BYTES,
    VERSION,
    Origin,
    decode,
    encode,
    load_session,
    save_session,
)
from engine.errors import InputError
from engine.view import Loop, View, ViewMode
from engine.walk import (
    MAX_SEED,
    Exploration,
    Keyframe,
    MethodChoice,
    NoiseSource,
    Sampling,
    Walk,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
noises = st.builds(NoiseSource, st.integers(0, MAX_SEED), st.integers(0, 9999))
choices = st.sampled_from(
    [MethodChoice(), MethodChoice("linear"), MethodChoice("slerp", (("prompts", "slerp"),))]
)
walks = st.builds(
    Walk,
    st.lists(st.builds(Keyframe, texts, noises), min_size=2, max_size=5).map(tuple),
    st.tuples(choices),
    texts,
    st.integers(1, 100_000),
)
samplings = st.builds(
    Sampling,
    steps=st.integers(1, 1000),
    guidance=st.floats(0, 100),
    width=st.integers(1, 512).map(lambda n: 8 * n),
    solver=st.sampled_from(["", "ddim"]),
)
explorations = st.builds(
    Exploration,
    model=st.sampled_from(["starter", "/models/sd é", "owner/name"]),
    walk=walks,
    compare=st.lists(choices, max_size=3).map(tuple),
    rows=st.lists(walks, max_size=3).map(tuple),
    sampling=samplings,
    scoring_text=texts,
    fps=st.floats(0.1, 240),
)


@given(explorations, st.builds(Origin, st.integers(0, 9), st.integers(0, 99), st.floats(0, 1)))
def test_what_is_written_comes_back_equal(exploration: Exploration, origin: Origin) -> None:
    assert decode(encode(exploration, origin)) == (exploration, origin)


def test_what_equality_leaves_out_comes_back_too() -> None:
    keyframe = Keyframe(id=7, locked=True, previous=NoiseSource(3, 2))
    walk = Walk((keyframe, Keyframe(id=2)), one_prompt=False)
    plane = (1, 2), 9, 3, ("a cat", "a dog")
    view = View(ViewMode.LATENT, 2, True, 0, "toy", True, Loop.PING_PONG, *plane)
    exploration = Exploration(walk=walk, measures=("sharpness",), view=view)
    decoded, _ = decode(encode(exploration))
    assert decoded == exploration
    assert decoded.view == view
    assert [k.id for k in decoded.walk.keyframes] == [7, 2]


@pytest.mark.parametrize("seed", [0, 1, 2**31, 2**53 + 1, 2**63, MAX_SEED])
def test_seeds_come_back_equal(tmp_path: Path, seed: int) -> None:
    walk = Walk((Keyframe(noise=NoiseSource(seed)), Keyframe()))
    path = save_session(tmp_path / "a.trail", Exploration(walk=walk))
    assert load_session(path).walk.keyframes[0].noise.seed == seed


def test_the_file_is_readable_json_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "wälk 猫.trail"
    save_session(path, Exploration())
    save_session(path, Exploration(fps=12.0))
    assert json.loads(path.read_text())["exploration"]["fps"] == 12.0
    assert os.listdir(tmp_path) == [path.name]
    with pytest.raises(InputError, match="exists already"):
        save_session(path, Exploration(), Existing.REFUSE)


def test_a_bad_exploration_is_not_saved(tmp_path: Path) -> None:
    path = save_session(tmp_path / "a.trail", Exploration())
    with pytest.raises(InputError, match="frames must be"):
        save_session(path, Exploration(walk=replace(Walk(), frames=0)))
    assert load_session(path) == Exploration()


def test_a_newer_session_is_named_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new.trail"
    text = json.dumps({"format": "latent-trails", "version": VERSION + 1, "exploration": 5})
    path.write_text(text)
    with pytest.raises(InputError, match="newer Latent Trails"):
        load_session(path)
    with pytest.raises(InputError, match="is kept"):
        save_session(path, Exploration())
    assert path.read_text() == text


def test_what_this_version_does_not_know_is_ignored() -> None:
    document = json.loads(encode(Exploration(fps=12.0)))
    document["exploration"]["colour"] = document["window"] = {"x": 1}
    assert decode(json.dumps(document).encode())[0] == Exploration(fps=12.0)


def document(**changes: object) -> bytes:
    values = {"format": "latent-trails", "version": 1, "exploration": {}}
    return json.dumps(values | changes).encode()


HOSTILE = {
    "empty": b"",
    "binary": bytes(range(256)),
    "not ours": b'{"format": "something"}',
    "version 0": document(version=0),
    "list": b"[]",
    "null": b"null",
    "unclosed": b'{"format":"latent-trails","version":1,"exploration":' + b'{"walk":[' * 99_999,
    "deep": b'{"format":"latent-trails","version":1,"x":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "huge": b'{"format":"latent-trails","version":1,"x":"' + b"x" * MAX_BYTES + b'"}',
    "nan": document().replace(b"{}", b'{"fps":NaN}'),
    "infinite": document().replace(b"{}", b'{"fps":1e999}'),
    "digits": document().replace(b"{}", b'{"walk":{"frames":' + b"9" * 100_000 + b"}}"),
    "seed": document(exploration={"walk": {"keyframes": [{"noise": {"seed": -1}}] * 2}}),
    "keyframes": document(exploration={"walk": {"keyframes": [{}] * 100_000}}),
    "rows": document(exploration={"rows": [{}] * 100_000}),
    "prompt": document(exploration={"walk": {"negative": "x" * 1_000_000}}),
    "null model": document(exploration={"model": "\0"}),
    "method": document(exploration={"compare": [{"name": "../../etc/passwd"}]}),
    "long method": document(exploration={"compare": [{"name": "x" * 1_000_000}]}),
    "mode": document(exploration={"view": {"mode": "upside-down"}}),
    "plane": document(exploration={"view": {"plane": "x" * 1_000_000}}),
    "lane in focus": document(exploration={"view": {"lane": 10**30}}),
    "id": document(exploration={"walk": {"keyframes": [{"id": 2**64}, {"id": 2**64}]}}),
    "measures": document(exploration={"measures": ["x"] * 100_000}),
    "types": document(exploration={"walk": {"frames": "61"}}),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_sessions_are_refused_quickly(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.trail"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        load_session(path)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("missing.trail", "no file"),
        (".", "a folder"),
        ("/dev/zero", "a device"),
        ("x" * 300, "255"),
    ],
)
def test_what_is_no_file_is_named(path: str, kind: str) -> None:
    with pytest.raises(InputError, match=kind):
        load_session(Path(path))


def check_survives(data: bytes) -> None:
    """Decodes to a good exploration or raises InputError, nothing else."""
    try:
        exploration, origin = decode(data)
        assert decode(encode(exploration, origin)) == (exploration, origin)
    except InputError:
        pass


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
GOOD = json.loads(encode(Exploration(rows=(Walk(),), compare=(MethodChoice(),)), Origin()))


def places(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The path of every value inside a JSON document."""
    items: list[tuple[object, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [path, *(p for key, inner in items for p in places(inner, (*path, key)))]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good document with one value replaced by another, or some bytes changed."""
    document = json.loads(json.dumps(GOOD))
    path = draw(st.sampled_from([p for p in places(GOOD) if p]))
    target = document
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = draw(json_values)
    data = bytearray(json.dumps(document).encode())
    for _ in range(draw(st.integers(0, 2))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data)


@given(damaged() | st.binary(max_size=200) | json_values.map(lambda v: json.dumps(v).encode()))
@example(msgspec.json.encode(GOOD))
def test_fuzzed_sessions_are_refused_or_good(data: bytes) -> None:
    check_survives(data)


SCRAPS = (
    b"[" * 500, b"{", b"}", b'"', b"null", b"-1", b"1e999", b"NaN", b"9" * 50, b"\\ud800", b"\xff"
)  # fmt: skip


def mutated(data: bytes, random: Random) -> bytes:
    """`data` with up to four cuts, repeats, changed bytes and scraps that parsers stumble on."""
    for _ in range(random.randint(1, 4)):
        start, end = sorted(random.randrange(len(data) + 1) for _ in range(2))
        end = min(end, start + random.choice((1, 8, 200)))
        middle = random.choice((b"", 2 * data[start:end], random.randbytes(1), *SCRAPS))
        data = data[:start] + middle + data[end:]
    return data


@pytest.mark.slow
def test_a_hundred_thousand_fuzzed_sessions() -> None:
    random = Random(1)
    document = msgspec.json.encode(GOOD)
    for _ in range(100_000):
        check_survives(mutated(document, random))
