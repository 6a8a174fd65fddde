"""Measures, one a file. Their base classes are in `engine.metrics.contract`."""
