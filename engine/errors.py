"""Errors a person can act on: one sentence that says what happened, why, and what to do next."""

from __future__ import annotations


class InputError(ValueError):
    """What was asked for cannot be done as it was asked."""


class ModelError(RuntimeError):
    """A model cannot be opened, or is not what it should be."""


class Cancelled(Exception):  # noqa: N818 — an outcome, no error
    """The job was cancelled while it worked; not a failure."""
