"""Commands about an output folder: what it holds, and what became of it."""
