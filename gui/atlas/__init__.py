"""The atlas: pictures of the visible part of a plane, and the regions of similar ones."""
