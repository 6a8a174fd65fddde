"""The window. Importing it must stay light: no torch, diffusers, transformers or cv2."""
