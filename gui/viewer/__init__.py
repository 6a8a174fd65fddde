"""The viewer of frames and its panes."""
