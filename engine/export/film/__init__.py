"""Writes videos and animations: encoder, palettes, and metadata that encoders do not write."""
