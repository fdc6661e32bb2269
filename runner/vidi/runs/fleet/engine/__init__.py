"""Shards dispatched by Procrastinate, where it is installed: beside the tables that decide.

It is trusted with nothing: a job that it loses is deferred again, one that it gives twice finds its
shard busy, and what its tables say of a shard is never asked. Importing this loads it (`fleet`).
"""
