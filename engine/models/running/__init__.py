"""Networks at work: devices, memory, batches in parallel, decoding."""
