"""Reads the sources of engine/ and gui/ for the tests about them."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Libraries whose import takes long.
HEAVY = ("torch", "diffusers", "transformers", "cv2")


@cache
def files() -> dict[str, Path]:
    """Dotted name of every module of engine/ and gui/, packages included."""
    found = {}
    for top in ("engine", "gui"):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(module: str) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(files()[module].read_text(encoding="utf-8"))


@cache
def imports(module: str) -> frozenset[str]:
    """Everything `module` imports, at its top and inside functions: "a.b" for `from a import b`."""
    found: set[str] = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} uses a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def own_imports(module: str) -> set[str]:
    """The modules of engine/ and gui/ that `module` imports."""
    names = [i for i in imports(module) if within(i, "engine", "gui", "main", "tests")]
    parents = [name.rpartition(".")[0] for name in names]
    return {
        parent if parent in files() and name not in files() else name
        for name, parent in zip(names, parents, strict=True)
    }


def within(name: str, *packages: str) -> bool:
    """True if `name` is one of these packages, or in one."""
    return any(name == package or name.startswith(package + ".") for package in packages)


def within_any(names: Iterable[str], *packages: str) -> bool:
    """True if one of `names` is one of these packages, or in one."""
    return any(within(name, *packages) for name in names)
