"""The atlas in the trajectory plot: its layer under the paths, and its menu."""
