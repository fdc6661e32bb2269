"""Commands about job files: run them, check them."""
