"""A damaged journal: which of its lines are whole, and what can be saved of it. Changes nothing."""
