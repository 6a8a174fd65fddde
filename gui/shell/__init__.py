"""The window's frame: actions, toolbar, status line, messages, panels."""
