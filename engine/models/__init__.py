"""Find, check, load and describe models. The only room that imports diffusers and transformers."""
