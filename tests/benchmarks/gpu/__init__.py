"""Measures and checks this engine on a CUDA device, within a budget of seconds."""
