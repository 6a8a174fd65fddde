"""The state of the explorer: results, history, edits, playback. No widgets."""
