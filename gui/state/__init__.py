"""The explorer's state, results, history and edits. No widgets."""
