"""Assets of an inference: where they belong, and what is on record of them."""
