"""Find, check, load and describe models. The only room that imports diffusers and transformers."""

import logging
import sys

# With the package "kernels", diffusers and bitsandbytes would fetch code from the hub and run it.
sys.modules["kernels"] = None  # type: ignore[assignment]
# bitsandbytes asks for that package whenever it is imported.
logging.getLogger("bitsandbytes.backends.cpu.ops").disabled = True
