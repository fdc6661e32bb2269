"""A plan as a file: what an estimate has shown, to be carried out as it was, or not at all."""
