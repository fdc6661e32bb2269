"""Runs that are killed at a step, run again, and looked into."""
