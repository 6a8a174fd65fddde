"""Measures, one a file; `contract` says what one is, discovery finds them."""
