"""The seed meter: shares of prompt and noise in what a picture shows."""
