"""The set-up behind run.sh and test.sh, in a folder of its own with a pretended system."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = ("run.sh", "test.sh", ".ci/setup", ".ci/run")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")


class Machine:
    """A checkout in `folder` and commands that say what they were called with."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self._commands = folder / "a checkout", folder / "bin"
        self._commands.mkdir()
        (self.checkout / ".ci").mkdir(parents=True)
        for name in (".ci/setup", "run.sh", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, self.checkout / name)
        self.pretend("uname", "echo Linux")
        self.pretend("id", "echo 1000")
        self.pretend("ldconfig", "cat " + str(self._commands / "libraries"))
        self.pretend("apt-get", 'echo "apt-get $*"')
        text = (ROOT / ".ci/setup").read_text("utf-8")
        pairs = text.split('LIBRARIES="')[1].split('"')[0].split()
        (self._commands / "libraries").write_text(
            "".join(f"\t{p.split(':')[0]} (x)\n" for p in pairs)
        )

    def pretend(self, name: str, body: str) -> None:
        self._write(self._commands / name, body)

    def forget_library(self, name: str) -> None:
        path = self._commands / "libraries"
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if name not in line))

    def install(self) -> None:
        """A .venv whose Python says what it was called with, set up to the last file."""
        self._write(self.checkout / ".venv/bin/python", 'echo "python $*"')
        self.run(".ci/setup")

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        path = f"{self._commands}:{os.environ['PATH']}"
        return subprocess.run(
            [self.checkout / script, *arguments],
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def _write(self, path: Path, body: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_plain_shell(script: str) -> None:
    assert (ROOT / script).read_text("utf-8").startswith("#!/bin/sh\n")
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["sh", "-n", ROOT / script], check=True, timeout=60)


def test_when_all_is_there_nothing_is_done_but_the_job(machine: Machine) -> None:
    machine.install()
    done = machine.run("run.sh", "render", "--out", "a b")
    assert done.stdout == f"python {machine.checkout}/main.py render --out a b\n"
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_change_of_the_requirements_installs_once(machine: Machine, name: str) -> None:
    machine.install()
    with (machine.checkout / name).open("a") as file:
        file.write("\n# changed\n")
    done = machine.run(".ci/setup")
    assert "-m pip install" in done.stderr
    assert machine.run(".ci/setup").stderr == ""


def test_tests_need_more_than_the_program(machine: Machine) -> None:
    machine.install()
    assert "-e .[dev]" in machine.run(".ci/setup", "dev").stderr
    assert machine.run(".ci/setup", "dev").stderr == ""
    assert machine.run(".ci/setup").stderr == ""


def test_a_failed_install_is_said_and_tried_again(machine: Machine) -> None:
    machine.install()
    machine.pretend("cksum", "echo another")
    python = machine.checkout / ".venv/bin/python"
    python.write_text("#!/bin/sh\nexit 1\n")
    for _ in range(2):
        done = machine.run("run.sh")
        assert done.returncode == 1
        assert "check the network" in done.stderr


def test_no_suitable_python_is_one_sentence(machine: Machine) -> None:
    for name in ("python", "python3", *(f"python3.{n}" for n in range(11, 15))):
        machine.pretend(name, "exit 1")
    done = machine.run("run.sh")
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert not (machine.checkout / ".venv").exists()


def test_missing_libraries_are_named_to_a_user(machine: Machine) -> None:
    machine.install()
    machine.forget_library("libEGL")
    done = machine.run("run.sh")
    assert "sudo apt-get install libegl1\n" in done.stderr
    assert done.returncode == 0


def test_missing_libraries_are_installed_by_root(machine: Machine) -> None:
    machine.install()
    machine.forget_library("libEGL")
    machine.forget_library("libxcb-cursor")
    machine.pretend("id", "echo 0")
    done = machine.run("run.sh")
    assert "install -qq -y --no-install-recommends libegl1 libxcb-cursor0\n" in done.stderr
    assert done.stdout.startswith("python ")
