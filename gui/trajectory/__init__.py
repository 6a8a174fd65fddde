"""The trajectory plot: the plane of the walk."""
