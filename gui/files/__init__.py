"""Sessions as files, recovery, settings, and the program's own folders."""
