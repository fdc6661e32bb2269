"""Text and JSON, read to their end."""
