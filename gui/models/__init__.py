"""The dialog in which a model is chosen or downloaded."""
