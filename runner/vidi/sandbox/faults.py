"""The fault plan: what goes wrong, on which request of which model, and how often."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from vidi.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


ACTIONS = ("upload", "submit", "poll", "result", "download", "cancel", "list")

REFUSALS = (
    "refused", "reset", "timeout", "400", "401", "402", "403", "403-locked", "404", "413", "422",
    "429", "429-body", "429-detail", "429-bare", "500", "502-nginx", "503", "504",
    "gone", "redirect", "result-5xx",
)  # fmt: skip
"""Instead of an answer: the request has no effect. With `-after` it has."""

SPOILERS = (
    "garbage-2xx", "missing-id", "html", "empty", "truncated", "wrong-type", "corrupt", "slow",
    "unknown-status", "nulls", "unlisted", "listed-twice",
)  # fmt: skip
"""The request has its effect, and the answer to it is spoilt."""

FATES = (
    "failed", "failed-transient", "interrupted", "moderated", "partial-moderation", "aborted",
    "canceled", "stuck", "no-output", "data-removed", "nsfw", "completed-with-error",
    "e003", "e004", "e6716", "e8367", "e8765", "e9243", "e9828", "director",
    "retryable", "moderated-dict", "moderated-partner", "unread-input", "unknown-path",
    "status-failed", "status-cancelled",
)  # fmt: skip
"""How an accepted inference ends; `on` is `result`, and `nth` counts accepted inferences.

From `e003` to `director` it is Replicate that fails so, from `retryable` on fal; at the other one
they are plain failures.
"""

UNKNOWN_PATH = "unknown-path"
"""The fate of what was sent to a path that its app does not have."""

_KEYS = {"on", "fault", "nth", "times", "model", "provider"}
_OPTIONS = {"retry_after", "seconds", "status", "message", "to"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, as it strikes one request or one inference."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def after(self) -> bool:
        """Whether the request takes its effect before it goes wrong."""
        return self.name.endswith("-after")

    @property
    def kind(self) -> str:
        """The name without `-after`."""
        return self.name.removesuffix("-after")


@dataclass(slots=True)
class FaultRule:
    """Strikes the `nth` matching request and the `times` - 1 after it; `times` 0 is for ever."""

    on: str
    fault: Fault
    nth: int = 1
    times: int = 1
    model: str = "*"
    """A glob over model ids; a request that names no model matches only `*`."""
    provider: str = "*"
    seen: int = 0
    """How many matching requests have come by."""

    @classmethod
    def from_json(cls, rule: Mapping[str, Any]) -> FaultRule:
        """Read one rule of a plan file.

        Raises:
            UsageError: A key, the action or the fault is unknown, or a count is not one.
        """
        _refuse_unless(isinstance(rule, dict), rule, "is not an object")
        options = {name: value for name, value in rule.items() if name in _OPTIONS}
        known = {name: value for name, value in rule.items() if name in _KEYS}
        _refuse_unless(not rule.keys() - _KEYS - _OPTIONS, rule, "has an unknown key")
        _refuse_unless(rule.get("on") in ACTIONS, rule, f"needs `on`: one of {', '.join(ACTIONS)}")
        name = str(rule.get("fault"))
        _refuse_unless(_is_fault(name), rule, f"has no fault by the name {name}")
        for count, least in (("nth", 1), ("times", 0)):
            value = rule.get(count, 1)
            valid = isinstance(value, int) and value >= least
            _refuse_unless(valid, rule, f"needs a whole number from {least} as `{count}`")
        return cls(**{**known, "fault": Fault(name, options)})

    def strikes(self, action: str, provider: str, model: str) -> bool:
        """Count one request of this kind; whether the rule strikes it."""
        matches = (
            self.on == action
            and fnmatchcase(provider, self.provider)
            and fnmatchcase(model, self.model)
        )
        self.seen += matches
        ended = self.times and self.seen >= self.nth + self.times
        return matches and self.seen >= self.nth and not ended


class FaultPlan:
    """Every rule of one sandbox. All matching rules count a request; the first to strike wins."""

    def __init__(self, rules: Iterable[Mapping[str, object]] = ()) -> None:
        self._rules = [FaultRule.from_json(rule) for rule in rules]

    def strike(self, action: str, provider: str, model: str = "") -> Fault | None:
        """The fault of this request, if one strikes it."""
        return self._first(action, provider, model, fates=False)

    def fate(self, provider: str, model: str) -> Fault | None:
        """How an inference that was just accepted will go wrong, if it will."""
        return self._first("result", provider, model, fates=True)

    def _first(self, action: str, provider: str, model: str, *, fates: bool) -> Fault | None:
        rules = [rule for rule in self._rules if (rule.fault.name in FATES) == fates]
        struck = [rule.fault for rule in rules if rule.strikes(action, provider, model)]
        return struck[0] if struck else None


def load_faults(path: Path) -> FaultPlan:
    """Read a fault plan: a JSON list of rules.

    Raises:
        UsageError: The file is missing, is not JSON, or holds a wrong rule.
    """
    try:
        rules = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the fault plan {path} cannot be read: {error}",
            hint='Write a JSON list of rules: [{"on": "submit", "fault": "reset-after"}].',
        ) from error
    if not isinstance(rules, list):
        raise UsageError(
            f"the fault plan {path} is not a list of rules",
            hint='Put the rules in brackets: [{"on": "submit", "fault": "reset-after"}].',
        )
    return FaultPlan(rules)


def _is_fault(name: str) -> bool:
    return name in (*REFUSALS, *SPOILERS, *FATES) or name.removesuffix("-after") in REFUSALS


def _refuse_unless(valid: bool, rule: Mapping[str, object], complaint: str) -> None:
    if not valid:
        raise UsageError(
            f"the fault rule {json.dumps(rule)} {complaint}",
            hint=(
                f"A rule has {', '.join(sorted(_KEYS))} and {', '.join(sorted(_OPTIONS))}; "
                f"the faults are {', '.join((*REFUSALS, *SPOILERS, *FATES))}."
            ),
        )
