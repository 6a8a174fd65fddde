"""Errors for the person: one sentence that says what happened, why, and what to do next."""

from __future__ import annotations

import sys


class InputError(ValueError):
    """The input is invalid or cannot be used."""


class ModelError(RuntimeError):
    """A model cannot be opened or used."""


class MemoryShort(ModelError):  # noqa: N818 — not an error of the program
    """The device's memory is too small even for one frame at a time."""


class MissingModel(ModelError):  # noqa: N818 — not an error of the program
    """A hub model is not on this machine, and its download was not requested."""

    def __init__(self, model: str) -> None:
        super().__init__(
            f"{model} is not on this machine, and nothing is downloaded unasked; fetch it in the "
            "model dialog (Ctrl+M), or name it yourself on the command line."
        )
        self.model = model


def install_command(*packages: str) -> str:
    """Returns the command that installs packages for the Python that runs the program."""
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f"{python} -m pip install {' '.join(packages)}"


def is_device_lost(error: BaseException) -> bool:
    """True if an error means that this process has lost the graphics device.

    After such an error, every further call of the device fails.
    """
    return type(error).__name__ == "AcceleratorError" or "CUDA error" in str(error)


class Cancelled(Exception):  # noqa: N818 — an outcome, no error
    """The running job was cancelled. This is not a failure."""
