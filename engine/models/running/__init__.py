"""Runs networks: devices, memory, parallel batches, CUDA graphs, decoding."""
