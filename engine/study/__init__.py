"""Studies: many walks by plan, computed in worker processes, as one table."""
