"""Frames are remembered by content, within their budgets, also on disk."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import save_file

from engine.conditioning import Conditioning, Role
from engine.store.frame_store import FrameStore
from engine.store.stored_frame import FrameSettings, StoredFrame, frame_key
from tests.support.texts import make_rich_text

SETTINGS = FrameSettings(1, "model", "cpu", "float32", "ddim", 20, 2.0, 0.0, 1.0)


def _frame(value: int, side: int = 16) -> StoredFrame:
    image = np.full((side, side, 3), value, np.uint8)
    latents = (np.full((4, 2, 2), value + k, np.float32) for k in range(2))
    return StoredFrame(image, *latents)


def test_a_key_depends_on_every_setting_and_number() -> None:
    latent = np.zeros(4, np.float32)
    key = frame_key(SETTINGS, latent)
    assert key == frame_key(replace(SETTINGS), latent.copy())
    for name in (field.name for field in fields(FrameSettings)):
        other = replace(SETTINGS, **{name: type(getattr(SETTINGS, name))(9)})
        assert key != frame_key(other, latent), name
    assert key != frame_key(SETTINGS, latent + np.float32(1e-7))
    assert key != frame_key(SETTINGS, latent.reshape(2, 2))


def test_a_key_depends_on_every_role_of_both_texts() -> None:
    latent, texts = np.zeros(4, np.float32), (make_rich_text(1), make_rich_text(2))
    keys = {frame_key(SETTINGS, latent, *texts), frame_key(SETTINGS, latent, *reversed(texts))}
    for role in Role:
        changed = dict(texts[0].arrays) | {role: texts[0].arrays[role] + np.float32(1e-6)}
        keys.add(frame_key(SETTINGS, latent, Conditioning(changed), texts[1]))
        keys.add(frame_key(SETTINGS, latent, texts[0], Conditioning(changed)))
        fewer = {r: array for r, array in texts[0].arrays.items() if r != role}
        keys.add(frame_key(SETTINGS, latent, Conditioning(fewer), texts[1]))
    assert len(keys) == 2 + 3 * len(Role)
    pooled = Conditioning({Role.POOLED: np.ones(3, np.float32)})
    mask = Conditioning({Role.MASK: np.ones(3, np.float32)})
    assert frame_key(SETTINGS, latent, pooled) != frame_key(SETTINGS, latent, mask)


def test_a_frame_comes_back_equal_and_read_only() -> None:
    store = FrameStore()
    store.put("a", _frame(3))
    frame = store.get("a")
    assert frame is not None
    assert (frame.image == 3).all()
    assert not frame.image.flags.writeable
    assert store.get("b") is None


def test_the_least_recently_used_frame_goes_first() -> None:
    size = _frame(0).size
    store = FrameStore(memory_bytes=2 * size)
    for name in "ab":
        store.put(name, _frame(1))
    store.get("a")
    store.put("c", _frame(2))
    assert store.get("b") is None
    assert store.get("a") is not None


def test_a_latent_outlives_its_picture() -> None:
    store = FrameStore(memory_bytes=0)
    for k, name in enumerate("ab"):
        store.put(name, _frame(k))
    assert store.get("a") is None
    latent = store.latent("a")
    assert latent is not None
    assert np.array_equal(latent.final, _frame(0).final)


def test_the_disk_remembers_what_memory_forgot_and_another_store_finds_it(tmp_path: Path) -> None:
    store = FrameStore(memory_bytes=0, folder=tmp_path)
    for k in range(5):
        store.put(f"{k:040x}", _frame(k))
    again = FrameStore(folder=tmp_path)
    for k in range(5):
        frame = again.get(f"{k:040x}")
        assert frame is not None
        assert (frame.image == k).all()
        assert (frame.final == k).all()


def test_how_a_frame_was_made_is_remembered_with_it(tmp_path: Path) -> None:
    made = replace(_frame(1), sampling_notes=("With fewer slots.",), decode_note="In tiles.")
    FrameStore(folder=tmp_path).put("a" * 40, made)
    store = FrameStore(folder=tmp_path)
    frame = store.get("a" * 40)
    assert frame is not None
    assert frame.notes == ("With fewer slots.", "In tiles.")
    latent = store.latent("a" * 40)
    assert latent is not None
    assert latent.sampling_notes == ("With fewer slots.",)


def test_the_disk_keeps_to_its_budget_oldest_first(tmp_path: Path) -> None:
    store = FrameStore(memory_bytes=0, folder=tmp_path, disk_bytes=4096)
    for k in range(8):
        store.put(f"{k:040x}", _frame(k))
    files = list(tmp_path.glob("??/*.safetensors"))
    assert 0 < sum(f.stat().st_size for f in files) <= 4096
    fresh = FrameStore(folder=tmp_path)
    assert fresh.get(f"{7:040x}") is not None
    assert fresh.get(f"{0:040x}") is None


def test_two_programs_share_one_budget(tmp_path: Path) -> None:
    budget = 64 << 10
    stores = [FrameStore(memory_bytes=0, folder=tmp_path, disk_bytes=budget) for _ in range(2)]
    for k in range(200):
        stores[k % 2].put(f"{k:040x}", _frame(k % 250))
    files = list(tmp_path.glob("??/*.safetensors"))
    assert sum(f.stat().st_size for f in files) <= budget * 1.25
    assert FrameStore(folder=tmp_path).get(f"{199:040x}") is not None


def test_a_damaged_or_vanished_file_counts_as_missing(tmp_path: Path) -> None:
    store = FrameStore(memory_bytes=0, folder=tmp_path)
    store.put("a" * 40, _frame(1))
    store.put("b" * 40, _frame(2))
    (path,) = tmp_path.glob("aa/*.safetensors")
    path.write_bytes(path.read_bytes()[:50])
    fresh = FrameStore(folder=tmp_path)
    assert fresh.get("a" * 40) is None
    fresh.put("a" * 40, _frame(3))
    again = FrameStore(folder=tmp_path).get("a" * 40)
    assert again is not None, "a damaged file must not be in the way of a sound one"
    assert (again.image == 3).all()
    (tmp_path / "bb").rename(tmp_path / "elsewhere")
    assert fresh.get("b" * 40) is None


def tensors_with(**changes: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    """A frame as it lies on the disk, but for these."""
    plain: dict[str, npt.NDArray[Any]] = {
        "image": np.zeros((8, 8, 3), np.uint8),
        "final": np.zeros((4, 1, 1), np.float32),
        "initial": np.zeros((4, 1, 1), np.float32),
    }
    return plain | changes


@pytest.mark.parametrize(
    "tensors",
    [
        tensors_with(image=np.zeros((4097, 8, 3), np.uint8)),
        tensors_with(image=np.zeros((20_000, 200, 1), np.uint8)),
        tensors_with(image=np.zeros((8, 8), np.uint8)),
        tensors_with(image=np.zeros((0, 8, 3), np.uint8)),
        tensors_with(image=np.zeros((8, 8, 3), np.float64)),
        tensors_with(final=np.zeros((4, 2, 1), np.float32)),
        tensors_with(initial=np.zeros((4, 1, 1), np.float64)),
        tensors_with(final=np.zeros(4, np.float32), initial=np.zeros(4, np.float32)),
        {"image": np.zeros((8, 8, 3), np.uint8)},
    ],
)
def test_what_is_no_frame_counts_as_missing_and_makes_room(
    tmp_path: Path, tensors: dict[str, npt.NDArray[Any]]
) -> None:
    key = "ab" * 20
    file = tmp_path / "ab" / f"{key}.safetensors"
    file.parent.mkdir()
    save_file(tensors, file)
    store = FrameStore(folder=tmp_path)
    assert store.get(key) is None
    assert not file.exists()
    save_file(tensors_with(), file)
    assert store.get(key) is not None


def test_a_file_too_large_for_a_frame_is_not_read(tmp_path: Path) -> None:
    key = "ab" * 20
    file = tmp_path / "ab" / f"{key}.safetensors"
    file.parent.mkdir()
    with file.open("wb") as stream:
        stream.truncate(1 << 40)  # a hole, which takes no room on the disk
    assert FrameStore(folder=tmp_path).get(key) is None


def test_a_folder_that_cannot_be_written_costs_the_cache_only(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    store = FrameStore(folder=blocked / "frames")
    store.put("a" * 40, _frame(1))
    assert store.get("a" * 40) is not None


def test_whether_a_frame_is_there_is_known_without_reading_it(tmp_path: Path) -> None:
    store = FrameStore(memory_bytes=0, folder=tmp_path)
    store.put("a" * 40, _frame(1))
    store.put("b" * 40, _frame(2))
    assert [store.has(name * 40) for name in "abc"] == [True, True, False]
    assert not FrameStore().has("a" * 40)


def test_what_killed_programs_left_half_written_goes(tmp_path: Path) -> None:
    FrameStore(folder=tmp_path).put("a" * 40, _frame(1))
    old, new = (tmp_path / "aa" / f".{name}.tmp" for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    FrameStore(folder=tmp_path).put("b" * 40, _frame(2))
    assert not old.exists()
    assert new.exists(), "somebody may be writing it now"


def test_a_full_disk_costs_the_cache_only(tmp_path: Path) -> None:
    """A limit of the size of files stands for the full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    store = FrameStore(0, tmp_path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, limits[1]))
    try:
        store.put("aa", _frame(1, side=64))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.rglob("*.*")), "half a file is left"


def test_latents_without_pictures_keep_to_their_bytes() -> None:
    store = FrameStore(0)
    image, small = np.zeros((8, 8, 3), np.uint8), np.zeros((1, 1, 1), np.float32)
    for key in ("a", "b", "c"):
        store.put(key, StoredFrame(image, np.zeros((16, 1024, 1024), np.float32), small))
    assert store.latent("a") is None
    assert store.latent("c") is not None
