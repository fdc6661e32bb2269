"""A job file carried out by many machines: planned into rows, bought shard by shard."""
