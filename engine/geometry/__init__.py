"""Noise, the path of a walk through latent space, and its projection on a plane."""
