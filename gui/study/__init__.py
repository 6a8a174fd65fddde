"""Studies, the seed meter and dimensions in the window: plans, and the programs that run them."""
