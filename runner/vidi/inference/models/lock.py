"""What a project uses of the registry, pinned: the template and the prices of each model.

{"schema_version": 1, "registry": {"version": 2, "date": "2026-11-29"},
"models": {"fal/…": {"template": "sha256:…", "rows": […], "example_usd": {"low": 0, "high": 0}}}}
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.discovery.template_text import render_template
from vidi.json_values import as_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vidi.json_values import Json

SCHEMA_VERSION = 1
NAME = "vidi.lock"


class LockError(ValueError):
    """A file is no lock, or one of a later format."""


@dataclass(frozen=True, slots=True)
class LockedModel:
    """One model as it is pinned."""

    template: str
    """`sha256:` and the hash of the whole template, however it is written."""
    rows: Json
    """Its price rows."""
    example_usd: Mapping[str, Decimal | None]
    """What its example costs, low and high, to show differences by; None where unpriced."""

    def to_json(self) -> dict[str, object]:
        """As the file holds it."""
        return {"template": self.template, "rows": self.rows, "example_usd": self.example_usd}


@dataclass(frozen=True, slots=True)
class LockDifference:
    """How a model is no longer as it is pinned."""

    id: str
    what: str
    """`not pinned`, `prices`, `template` or `not used`."""
    was: LockedModel | None = None
    now: LockedModel | None = None


def lock_model(text: str, example_usd: Mapping[str, Decimal | None]) -> LockedModel:
    """Pin a model.

    Args:
        text: Its template, as it is written.
        example_usd: What its example costs now, in USD, `low` and `high`.
    """
    template = json.loads(text, parse_float=Decimal)
    # Rendered with sorted keys: neither spaces nor the order of keys are another template.
    canonical = render_template(_sorted(template))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return LockedModel(f"sha256:{digest}", template["pricing"]["rows"], example_usd)


def read_lock(text: str) -> dict[str, LockedModel]:
    """The models that a lock pins.

    Raises:
        LockError: It is none, or one of a later format.
    """
    try:
        lock = json.loads(text, parse_float=Decimal)
        version = lock["schema_version"]
        if version != SCHEMA_VERSION:
            raise LockError(f"its format {version} is not known to this version of vidi")
        return {name: _read_model(as_object(each)) for name, each in lock["models"].items()}
    except LockError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise LockError(f"it is no lock: {error}") from error


def write_lock(models: Mapping[str, LockedModel], version: int, date: str) -> str:
    """The text of a lock; the same models make the same text."""
    return render_template(
        {
            "schema_version": SCHEMA_VERSION,
            "registry": {"version": version, "date": date},
            "models": {name: models[name].to_json() for name in sorted(models)},
        }
    )


def compare_locks(
    before: Mapping[str, LockedModel], now: Mapping[str, LockedModel]
) -> Iterator[LockDifference]:
    """How the models in use differ from those that are pinned, sorted by id."""
    for name in sorted({*before, *now}):
        was, new = before.get(name), now.get(name)
        if was is None or new is None:
            yield LockDifference(name, "not pinned" if was is None else "not used", was, new)
        elif was.rows != new.rows:
            yield LockDifference(name, "prices", was, new)
        elif was.template != new.template:
            yield LockDifference(name, "template", was, new)


def _read_model(each: Mapping[str, Json]) -> LockedModel:
    usd = as_object(each["example_usd"])
    amounts = {name: None if usd[name] is None else Decimal(str(usd[name])) for name in usd}
    return LockedModel(str(each["template"]), each["rows"], amounts)


def _sorted(value: Json) -> dict[str, object]:
    sorted_value: dict[str, object] = json.loads(json.dumps(value, sort_keys=True, default=str))
    return sorted_value
