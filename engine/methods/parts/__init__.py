"""Methods that change a part of the latent, one a file."""
