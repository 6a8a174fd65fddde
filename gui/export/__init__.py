"""Exports, recordings, and plots as files."""
