"""From a request to finished frames: jobs, batches, denoising, previews."""
