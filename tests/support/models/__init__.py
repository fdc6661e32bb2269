"""Models, params and prices of the tests' own choice."""
