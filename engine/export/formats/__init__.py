"""Export formats: one file each, found by the registry in contract.py."""
