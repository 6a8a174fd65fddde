"""Solvers as coefficient tables, one a file. `engine.solvers.contract` says what a table is."""
