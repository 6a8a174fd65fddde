"""Pure functions from arrays to pictures: maps, differences, titles."""
