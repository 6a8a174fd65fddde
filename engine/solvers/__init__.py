"""Solvers as tables of coefficients, one a file. `engine.solvers.contract` defines the tables."""
