"""Servers on loopback: the sandbox, altered or interrupted; PostgreSQL; assets."""
