"""WebP, by its chunks and picture by picture."""
