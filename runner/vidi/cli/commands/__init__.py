"""The commands, grouped by what a person is doing: one click command a file."""
