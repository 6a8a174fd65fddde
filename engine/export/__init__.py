"""Exports: pictures, videos, animations, contact sheets, tables, and their metadata."""
