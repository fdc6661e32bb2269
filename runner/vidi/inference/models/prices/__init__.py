"""The price language, evaluated."""
