"""Settings that other programs write into pictures: one program a file, found by the registry."""
