"""A first job file: from nothing, from four answers, or from a table."""
