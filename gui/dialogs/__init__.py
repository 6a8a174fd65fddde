"""Preferences, shortcuts, log, and the about dialog."""
