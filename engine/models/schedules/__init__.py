"""Noise schedules and solvers from the configs of schedulers of diffusers."""
