"""`vidi models check`: templates against their own rules and against their providers."""
