"""The loops over the steps of frames: continuous batching, and batches in lockstep."""
