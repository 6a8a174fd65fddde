"""The engine: everything that computes. It knows nothing of the window."""
