"""The atlas of a plane: its cells, the labels of their pictures, and files of it."""
