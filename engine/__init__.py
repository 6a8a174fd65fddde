"""The engine: all computations. It does not import the window."""
