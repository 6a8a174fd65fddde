"""Finds the texts that describe a picture in its file, without decoding it."""
