"""A job file on its way through `vidi-run`."""
