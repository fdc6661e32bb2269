"""How much of it: images, seconds, megapixels, tokens; from params, files and outputs."""
