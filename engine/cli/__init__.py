"""The command line: options, rendering and scoring without a window, diagnosis."""
