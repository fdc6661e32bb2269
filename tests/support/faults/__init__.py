"""The fault matrix: its cells, and how each is played."""
