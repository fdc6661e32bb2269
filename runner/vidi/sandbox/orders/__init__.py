"""What the params of a request ask for."""
