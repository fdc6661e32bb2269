"""A job file carried out: planned, executed, recorded."""
