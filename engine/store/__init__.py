"""Finished frames by content, in memory and on disk."""
