"""The report of a study: plots, tables and sample sheets as one HTML page and as PDF."""
