"""The views of the trajectory plot, one a file."""
