"""Names for what JSON gives and takes."""

from __future__ import annotations

from typing import Any

Json = Any
"""Any JSON value. Requests come from outside: what is in them is looked at before it is used."""

JsonObject = dict[str, Any]
"""A JSON object."""
