"""A registry finds the modules of its package once, also from several threads."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.registry import Registry


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "entries_of_a_test"
    folder.mkdir()
    (folder / "__init__.py").write_text("", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        del sys.modules[name]


def test_a_module_that_cannot_be_imported_is_an_error_each_time(package: Path) -> None:
    (package / "broken.py").write_text("import no_such_library_at_all\n", "utf-8")
    registry = Registry[object](package.name, "entry")
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="no_such_library_at_all"):
            registry.names()


def test_a_second_thread_waits_until_all_modules_are_imported(package: Path) -> None:
    registry = Registry[object](package.name, "entry")
    sys.modules["registry_of_a_test"] = type(sys)("registry_of_a_test")
    sys.modules["registry_of_a_test"].registry = registry  # type: ignore[attr-defined]
    for name in ("first", "second"):
        (package / f"{name}.py").write_text(
            "import time\n"
            "from registry_of_a_test import registry\n"
            "time.sleep(0.1)\n"
            f"registry.register({name!r})(object)\n",
            "utf-8",
        )
    seen: list[tuple[str, ...]] = []
    threads = [threading.Thread(target=lambda: seen.append(registry.names())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    del sys.modules["registry_of_a_test"]
    assert seen == [("first", "second")] * 4


def test_an_unknown_name_is_answered_in_one_sentence(package: Path) -> None:
    registry = Registry[object](package.name, "entry")
    registry.register("one")(object)
    with pytest.raises(InputError, match=r"^There is no entry called 'two'; there are: one\.$"):
        registry.get("two")
    with pytest.raises(InputError, match=r"did you mean 'one'\?$"):
        registry.get("onr")
