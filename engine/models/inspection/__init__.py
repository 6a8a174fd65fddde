"""Checks model files before they are opened, and reads their configs."""
