"""What was really sent, as the journal keeps it: enough to recognise it, small, without secrets.

The params of an intent name files by descriptor. What the provider got instead (a URL, or the file
itself as a `data:` URI) is recorded beside them; of a `data:` URI only length and hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.params.addresses import list_url_secrets
from vidi.inference.tracking.redaction import REDACTED

if TYPE_CHECKING:
    from vidi.inference.models.template import ModelInfo
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import InferenceState

HASHED = "$sha256"


@dataclass(frozen=True, slots=True, eq=False)
class HashedText:
    """A text of which only length and hash are known; equal to the text itself."""

    sha256: str
    length: int

    __hash__ = None  # type: ignore[assignment]  # equal to texts, whose hash it cannot know

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str) or len(other) != self.length:
            return False
        return hashlib.sha256(other.encode()).hexdigest() == self.sha256


def describe_sent(request: InferenceRequest, params: Mapping[str, object]) -> dict[str, object]:
    """The params that hold files or secret URLs, as they were sent; the others are in the intent.

    Of a URL with a secret in it, too, there are only length and hash.
    """
    files = (str(file.at[0]) for file in request.checked.files)
    hidden = (name for name, value in params.items() if any(list_url_secrets(value)))
    return {
        name: _shorten(params[name])
        for name in dict.fromkeys((*files, *hidden))
        if name not in _secrets(request.model)
    }


def restore_params(
    state: InferenceState, model: ModelInfo, known: Mapping[str, object] | None = None
) -> dict[str, object]:
    """The params of an inference as they were sent, for comparing with a provider's list.

    Args:
        state: What the journal says of it.
        model: Its model.
        known: Where secret params are taken from.
    """
    restored = {name: _restore(value) for name, value in {**state.params, **state.sent}.items()}
    hidden = {*_secrets(model), *(name for name, each in restored.items() if _is_redacted(each))}
    secrets = {name: known[name] for name in hidden if known and name in known}
    return {name: secrets.get(name, value) for name, value in restored.items()}


def _is_redacted(value: object) -> bool:
    return isinstance(value, str) and REDACTED in value


def _secrets(model: ModelInfo) -> set[str]:
    return {name for name, schema in model.params["properties"].items() if schema.get("x-secret")}


def _shorten(value: object) -> object:
    if isinstance(value, str) and (value[:5].lower() == "data:" or any(list_url_secrets(value))):
        digest = hashlib.sha256(value.encode()).hexdigest()
        return {HASHED: digest, "length": len(value)}
    if isinstance(value, Mapping):
        return {name: _shorten(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shorten(each) for each in value]
    return value


def _restore(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)  # as a provider's JSON is read
    if isinstance(value, Mapping):
        if value.keys() == {HASHED, "length"}:
            return HashedText(value[HASHED], value["length"])
        return {name: _restore(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_restore(each) for each in value]
    return value
