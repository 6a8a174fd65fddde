"""The networks and the tokenizer of Stable Diffusion 1 and 2."""
