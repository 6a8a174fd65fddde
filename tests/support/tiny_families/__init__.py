"""Tiny models of every family, with random weights. One file a family."""
