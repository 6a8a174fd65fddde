"""The timeline and the transport buttons."""
