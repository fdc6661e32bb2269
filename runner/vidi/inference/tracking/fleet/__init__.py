"""The journal and the books of a fleet: one PostgreSQL database, and shards that workers lease."""
