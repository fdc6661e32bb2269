"""Which models Replicate runs by name, and which by a version: its own word, not the templates'.

An official model is refused by version (422), a community model is not found by name (404).
`official.json` was read from Replicate's model documents and from public callers, 2026-04 to
2026-09.
"""

from __future__ import annotations

import json
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.models.template import ModelInfo


def is_official(model: ModelInfo) -> bool:
    """Whether a model is run by its name; one that is not on the list, as its template has it."""
    known = _read_list().get(model.name)
    return not model.version if known is None else known


def version_of(model: ModelInfo) -> str:
    """The model's latest version, in hex digits: its template's, else one that stays the same."""
    return model.version or sha256(model.id.encode()).hexdigest()


@lru_cache(maxsize=1)
def _read_list() -> Mapping[str, bool]:
    """`owner/name` to whether the model is official."""
    text = Path(__file__).with_suffix(".json").read_text(encoding="utf-8")
    names: dict[str, bool] = json.loads(text)
    return names
