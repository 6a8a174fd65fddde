"""Interpolation methods, one a file. `engine.methods.contract` says what a method is."""
