"""Measures of finished frames, and tables of them."""
