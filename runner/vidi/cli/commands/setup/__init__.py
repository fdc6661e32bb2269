"""Commands that set a project up and look after it."""
