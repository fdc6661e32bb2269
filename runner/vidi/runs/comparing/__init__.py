"""What differs between two states of a project: in entries, in params, in dollars."""
