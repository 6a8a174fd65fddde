"""Writes films and animations: the encoder, palettes, and texts that encoders do not write."""
