"""A template: the fields of one model's file, in the order in which they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dates import month_of
from examples import example_of
from params import schema_of
from places import output_of, output_type_of
from pricing import pricing_of
from timeouts import timeout_of

if TYPE_CHECKING:
    from facts import Fact


def template_of(fact: Fact) -> dict[str, Any]:
    """The whole template of one model."""
    data = fact.data
    return {
        "id": fact.id,
        "title": data["title"],
        "category": fact.category,
        "output_type": output_type_of(fact),
        "output": output_of(fact),
        **_how_it_is_called(fact),
        **_retirement(fact),
        "timeout_s": timeout_of(fact),
        "params": schema_of(fact),
        "example": example_of(fact),
        "pricing": pricing_of(fact),
        "page": data["page"],
        "sources": data["sources"],
        "as_of": {key: month_of(text) for key, text in data["as_of"].items() if text},
        "confidence": {key: word for key, word in data["confidence"].items() if word},
    }


def _how_it_is_called(fact: Fact) -> dict[str, Any]:
    """Replicate calls official models by name and all others by the hash of their version."""
    version = fact.data.get("version")
    if not version:
        return {}
    official = fact.data["official_style"] == "per-unit"
    return {} if official else {"version": version}


def _retirement(fact: Fact) -> dict[str, str]:
    notes = fact.notes
    if (fact.data.get("listing") or {}).get("deprecated"):
        return {"retired": "fal lists it as deprecated"}
    if "404" in notes:
        return {"retired": notes}
    if "Replaced by" in notes:
        successor = notes.partition("Replaced by")[2].partition(";")[0].strip(" .")
        return {"retired": f"replaced by fal/{successor}"}
    return {}
