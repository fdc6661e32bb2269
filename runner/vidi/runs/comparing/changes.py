"""Two plans of one job file, entry by entry: what was added, removed, changed, repriced, renamed.

Both are priced as if nothing had been bought, so that before and after can be compared; what a run
would buy now, against the outputs and the store that are there, is each entry's action.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from vidi.runs.comparing.amounts import Amounts, amounts_of, total
from vidi.runs.comparing.params import Differences, compare_fields, compare_params
from vidi.runs.planning.secrets import list_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vidi.runs.planning.plan import Action, Plan, PlannedInference

ChangeKind = Literal["added", "removed", "changed", "repriced", "renamed", "unchanged"]
NOTHING = Amounts()


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one entry."""

    id: str
    change: ChangeKind
    model: str
    """As the job file has it, the one after where both have it."""
    before: Amounts
    """What it cost to make; zero where it was not there."""
    after: Amounts
    """What it costs to make; zero where it is no longer there."""
    was: str | None = None
    """The id that it had, where it is renamed."""
    was_model: str | None = None
    """The model that it had, where it was there."""
    params: Differences = field(default_factory=dict)
    fields: Differences = field(default_factory=dict)
    """What else of the entry differs: model, version, output, tags, max_cost, timeout, retry."""
    action: Action | None = None
    """What a run does with it now; None where it is removed."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Sums:
    """What a whole costs to make, before and after."""

    before: Amounts
    after: Amounts

    @property
    def difference(self) -> Amounts:
        """What is to be added to before to have after."""
        return self.after - self.before


def sum_changes(changes: Iterable[Change]) -> Sums:
    """What some entries cost to make, before and after."""
    every = list(changes)
    return Sums(total(each.before for each in every), total(each.after for each in every))


def sum_by_model(changes: Iterable[Change]) -> dict[str, Sums]:
    """The same for each model; an entry whose model changed counts with each of both."""
    before: dict[str, list[Amounts]] = defaultdict(list)
    after: dict[str, list[Amounts]] = defaultdict(list)
    for each in changes:
        if each.was_model is not None:
            before[each.was_model].append(each.before)
        if each.change != "removed":
            after[each.model].append(each.after)
    return {
        model: Sums(total(before.get(model, ())), total(after.get(model, ())))
        for model in sorted({*before, *after})
    }


def compare_plans(
    before: Plan | None, after: Plan | None, secrets: Iterable[str] = ()
) -> tuple[Change, ...]:
    """Every entry of both plans: those of the later one in its order, then those that are gone.

    Args:
        before: None where the job file was not there.
        after: None where it is no longer there.
        secrets: Texts that are shown nowhere, beside those of the plans.
    """
    hidden = tuple(dict.fromkeys((*secrets, *_secrets_of(before), *_secrets_of(after))))
    was = {each.id: each for each in before.inferences} if before else {}
    now = {each.id: each for each in after.inferences} if after else {}
    renames = _find_renames(was, now)
    taken = set(renames.values())
    return (
        *(_compare(was.get(renames.get(each.id, each.id)), each, hidden) for each in now.values()),
        *(
            _tell_removed(each, hidden)
            for each in was.values()
            if each.id not in now and each.id not in taken
        ),
    )


def _secrets_of(plan: Plan | None) -> tuple[str, ...]:
    return list_secrets(plan) if plan is not None else ()


def _find_renames(
    was: Mapping[str, PlannedInference], now: Mapping[str, PlannedInference]
) -> dict[str, str]:
    """New id to old id, of entries that ask for the same; each old one goes to one new one."""
    gone: dict[str, list[str]] = defaultdict(list)
    for name, each in was.items():
        if name not in now:
            gone[each.wanted.fingerprint].append(name)
    renames = {}
    for name, each in now.items():
        if name not in was and (old := gone.get(each.wanted.fingerprint)):
            renames[name] = old.pop(0)
    return renames


def _compare(
    before: PlannedInference | None, after: PlannedInference, secrets: tuple[str, ...]
) -> Change:
    if before is None:
        return _tell_added(after, secrets)
    same = before.wanted.fingerprint == after.wanted.fingerprint
    params = {} if same else compare_params(before.wanted, after.wanted, secrets)
    fields = compare_fields(before, after, secrets)
    was, now = amounts_of(before.wanted.estimate), amounts_of(after.wanted.estimate)
    return Change(
        after.id,
        _name_change(before, after, same=same, fields=fields, repriced=was != now),
        after.model,
        was,
        now,
        was=before.id if before.id != after.id else None,
        was_model=before.model,
        params=params,
        fields=fields,
        action=after.action,
        reason=after.reason,
    )


def _name_change(
    before: PlannedInference,
    after: PlannedInference,
    *,
    same: bool,
    fields: Differences,
    repriced: bool,
) -> ChangeKind:
    if before.id != after.id:
        return "renamed"
    if not same:
        return "changed"
    if repriced and "timeout" not in fields:
        return "repriced"
    return "changed" if fields or repriced else "unchanged"


def _tell_added(after: PlannedInference, secrets: tuple[str, ...]) -> Change:
    return Change(
        after.id,
        "added",
        after.model,
        NOTHING,
        amounts_of(after.wanted.estimate),
        params=compare_params(None, after.wanted, secrets),
        action=after.action,
        reason=after.reason,
    )


def _tell_removed(before: PlannedInference, secrets: tuple[str, ...]) -> Change:
    return Change(
        before.id,
        "removed",
        before.model,
        amounts_of(before.wanted.estimate),
        NOTHING,
        was_model=before.model,
        params=compare_params(before.wanted, None, secrets),
    )
