"""Reads settings of other programs from pictures. Each program has one file in the registry."""
