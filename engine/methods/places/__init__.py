"""Methods that treat the places of the noise differently, one a file."""
