"""Fuzzing: whatever comes from outside ends in words, within a bound. See `__main__.py`."""
