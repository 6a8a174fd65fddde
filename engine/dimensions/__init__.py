"""The parts of z_T and directions in it: the influence of both on the picture."""
