"""`vidi models price`: one more price row, read on a page by a person."""
