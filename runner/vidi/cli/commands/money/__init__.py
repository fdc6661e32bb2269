"""Commands about what was spent."""
