"""Methods through many keyframes."""
