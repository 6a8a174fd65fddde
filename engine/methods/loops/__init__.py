"""Methods that come back to the latent at which they start."""
