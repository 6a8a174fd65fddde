"""Models of the Hugging Face hub: cache, downloads, required files."""
