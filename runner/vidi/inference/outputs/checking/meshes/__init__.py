"""Files of 3D models, their counts and buffers believed and counted."""
