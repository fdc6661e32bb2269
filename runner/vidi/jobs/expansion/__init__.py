"""Entries become inferences: vars, matrix, foreach."""
