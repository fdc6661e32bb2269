"""Replicate: its predictions, answers and SDK."""
