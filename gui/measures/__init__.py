"""Charts and tables of measures over the walk."""
