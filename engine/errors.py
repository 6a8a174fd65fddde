"""Errors a person can act on: one sentence that says what happened, why, and what to do next."""

from __future__ import annotations


class InputError(ValueError):
    """What was asked for cannot be done as it was asked."""


class ModelError(RuntimeError):
    """A model cannot be opened, or is not what it should be."""


class MissingModel(ModelError):  # noqa: N818 — what is missing, no mistake
    """A model of the hub is not on this machine, and nobody asked that it be downloaded."""

    def __init__(self, model: str) -> None:
        super().__init__(
            f"{model} is not on this machine, and nothing is downloaded unasked; fetch it in the "
            "model dialog (Ctrl+M), or name it yourself on the command line."
        )
        self.model = model


def is_device_lost(error: BaseException) -> bool:
    """Whether an error says that the graphics device is lost to this process.

    After such an error each further call to the device fails in the same way.
    """
    return type(error).__name__ == "AcceleratorError" or "CUDA error" in str(error)


class Cancelled(Exception):  # noqa: N818 — an outcome, no error
    """The job was cancelled while it worked; not a failure."""
