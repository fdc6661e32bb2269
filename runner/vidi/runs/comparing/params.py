"""How two requests differ: param by param, input files by their content, secrets left out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.request import replace_at
from vidi.inference.tracking.redaction import redact_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.request import InferenceRequest
    from vidi.runs.planning.plan import PlannedInference


class FromTo(NamedTuple):
    """What a value was and is; None where there was or is none."""

    before: object
    after: object

    def to_json(self) -> dict[str, object]:
        """As the answer holds it."""
        return {"from": self.before, "to": self.after}


Differences = dict[str, FromTo]


def compare_params(
    before: InferenceRequest | None, after: InferenceRequest | None, secrets: tuple[str, ...]
) -> Differences:
    """The params that differ, as they may be shown.

    Args:
        before: What was asked for; None where the entry is new.
        after: What is asked for; None where the entry is gone.
        secrets: Texts that are shown nowhere.
    """
    was, now = _sent_params(before), _sent_params(after)
    changed = [name for name in {**was, **now} if _text_of(was, name) != _text_of(now, name)]
    if not changed:
        return {}
    shown_before = before.described_params() if before else {}
    shown_after = after.described_params() if after else {}
    return {
        name: FromTo(
            redact_texts(shown_before.get(name), secrets),
            redact_texts(shown_after.get(name), secrets),
        )
        for name in changed
    }


def compare_fields(
    before: PlannedInference, after: PlannedInference, secrets: tuple[str, ...]
) -> Differences:
    """The keys of an entry that differ beside its params, and the version of its model."""
    was, now = _fields_of(before), _fields_of(after)
    return {
        name: FromTo(redact_texts(was[name], secrets), redact_texts(now[name], secrets))
        for name in was
        if was[name] != now[name]
    }


def _fields_of(planned: PlannedInference) -> dict[str, object]:
    request = planned.wanted
    return {
        "model": planned.model,
        "version": request.model.version or None,
        "output": request.output or None,
        "tags": list(planned.tags),
        "max_cost": planned.max_cost,
        "timeout": request.timeout_s if request.cancel_at_deadline else None,
        "retry": {"attempts": request.attempts, "on": request.retry_on},
    }


def _sent_params(request: InferenceRequest | None) -> Mapping[str, object]:
    """The params as they count for a purchase: input files by their content, as fingerprints do."""
    if request is None:
        return {}
    params: dict[str, object] = dict(request.checked.params)
    for file in request.checked.files:
        params = replace_at(params, file.at, f"sha256:{request.inputs[file.name]}")
    return params


def _text_of(params: Mapping[str, object], name: str) -> str | None:
    """A param as JSON: to a provider 1 is not true, and to Python it is."""
    if name not in params:
        return None
    return json.dumps(params[name], sort_keys=True, ensure_ascii=False, default=str)
