"""The panel in which a walk is edited."""
