"""A registry of classes by name, which imports the modules of a package to find them."""

from __future__ import annotations

import importlib
import pkgutil
import threading
from collections.abc import Callable
from difflib import get_close_matches
from typing import Generic, TypeVar

from engine.errors import InputError

T = TypeVar("T")


class Registry(Generic[T]):
    """The classes of one package by name. At the first access, its modules are imported, and those
    of the folders in it. Thread-safe."""

    def __init__(self, package: str, noun: str) -> None:
        self._package = package
        self._noun = noun
        self._entries: dict[str, type[T]] = {}
        # An imported module may ask for the names, too: those that are there so far.
        self._lock, self._discovering, self._discovered = threading.RLock(), False, False

    def register(self, name: str) -> Callable[[type[T]], type[T]]:
        """Register a class under `name`. A name that is taken is an error of the program."""

        def enter(entry: type[T]) -> type[T]:
            if name in self._entries:
                raise RuntimeError(f"two entries of {self._package} are named {name!r}")
            self._entries[name] = entry
            return entry

        return enter

    def names(self) -> tuple[str, ...]:
        """Return all names, in the order of their modules' names; those in folders come last."""
        self._discover()
        return tuple(self._entries)

    def get(self, name: str) -> type[T]:
        """Return the class called `name`. Raises InputError that suggests a similar name."""
        self._discover()
        if name in self._entries:
            return self._entries[name]
        near = get_close_matches(name, self._entries, n=1)
        known = ", ".join(self._entries)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {known}."
        raise InputError(f"There is no {self._noun} called {name!r}; {hint}")

    def _discover(self) -> None:
        if self._discovered:
            return
        with self._lock:
            if not self._discovered and not self._discovering:
                self._discovering = True
                try:
                    self._import_all()
                finally:
                    self._discovering = False
                self._discovered = True

    def _import_all(self) -> None:
        package = importlib.import_module(self._package)
        found = (m.name for m in pkgutil.walk_packages(package.__path__, f"{self._package}."))
        for name in sorted(found, key=lambda name: (name.count("."), name)):
            importlib.import_module(name)
