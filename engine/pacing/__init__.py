"""The speed of a walk: steady speed, wanted speed, tipping points, and the walk's certificate."""
