"""Methods whose path depends on all keyframes that it leads through."""
