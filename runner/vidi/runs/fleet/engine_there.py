"""Whether shards are dispatched by Procrastinate here: the extra `fleet`."""

from __future__ import annotations

from importlib.util import find_spec


def has_engine() -> bool:
    """Whether it is installed; asking loads nothing."""
    return find_spec("procrastinate") is not None and find_spec("psycopg_pool") is not None
