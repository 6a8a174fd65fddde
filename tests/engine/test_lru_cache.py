"""The bounded memory: what was used last stays, within the limit."""

from __future__ import annotations

from engine.lru_cache import LruCache


def test_the_least_recently_used_goes_first() -> None:
    cache: LruCache[str, int] = LruCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert list(cache) == ["a", "c"]
    assert cache.get("b") is None


def test_what_is_kept_costs_no_more_than_the_limit() -> None:
    cache: LruCache[str, str] = LruCache(10, len)
    for name in ("aaaa", "bbbb", "cccc"):
        cache.put(name, name)
    assert list(cache) == ["bbbb", "cccc"]
    cache.put("bbbb", "b")  # replaced: it costs less now
    cache.put("dddd", "dddd")
    assert list(cache) == ["cccc", "bbbb", "dddd"]
    cache.drop("dddd")
    cache.put("eeeee", "eeeee")
    assert list(cache) == ["cccc", "bbbb", "eeeee"]


def test_a_smaller_limit_holds_at_once_and_the_newest_always_stays() -> None:
    cache: LruCache[int, str] = LruCache(10, len)
    for number in range(3):
        cache.put(number, "xxx")
    cache.set_limit(6)
    assert list(cache) == [1, 2]
    cache.put(3, "far too long for it")
    assert list(cache) == [3]
    assert 3 in cache
    assert 2 not in cache
