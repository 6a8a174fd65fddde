"""The tracks of a walk beside that of its keyframes."""
