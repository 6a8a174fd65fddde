"""Items that views of the trajectory plot paint with, and the geometry of the walk."""
