"""Export formats, one a file. Their base class is in `engine.export.contract`."""
