"""Session files, presets, and the validation of a walk."""
