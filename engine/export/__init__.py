"""Frames to files: pictures, video, animation, sheets, tables, and what made them."""
