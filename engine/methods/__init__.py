"""Interpolation methods, one a file. Their base class is in `engine.methods.contract`."""
