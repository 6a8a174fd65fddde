"""The plot of the plane in which the walk runs."""
