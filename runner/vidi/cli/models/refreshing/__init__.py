"""`vidi models refresh`: every template brought up to date with what the providers list."""
