"""Checks of model files before they are opened, and what their configs say."""
