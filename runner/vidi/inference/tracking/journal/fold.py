"""The fold: what each kind of event changes in the state of its inference.

A pure function of the journal, the same today and after a crash (`replay.py`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from vidi.inference.models.prices.estimate import RuleFigures
from vidi.inference.tracking.journal.charges import (
    Charge,
    ChargeKey,
    basis_of_run,
    close_last,
    correct,
    list_current,
    number_next,
    raise_last,
    receive_last,
    weaken,
)
from vidi.inference.tracking.journal.events import AssetRecord, InferenceState
from vidi.inference.tracking.journal.exact_json import ExactWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vidi.inference.tracking.journal.event_types import Event

_EXACT = ExactWriter()
RULE = ("low", "high", "scale")
"""The figures of a price rule, in the order of `RuleFigures`."""


def apply_event(state: InferenceState, event: Event) -> InferenceState:
    """Return the state after one more event; an event of an unknown kind changes nothing."""
    fold = _FOLDS.get(event["event"])
    if fold is None:
        return state
    return fold(enter_run(state, event), event)


def enter_run(state: InferenceState, event: Event) -> InferenceState:
    """Begin a new account of what is spent where the event belongs to another run."""
    if state.run == event["run"]:
        return state
    return replace(state, run=event["run"], spent=Decimal(0))


def _fold_intent(state: InferenceState, event: Event) -> InferenceState:
    estimate = event["estimate_usd"]
    again = state.fingerprint == event["fingerprint"]
    return InferenceState(
        id=state.id,
        model=event["model"],
        status="intended",
        fingerprint=event["fingerprint"],
        number=event.get("number", state.number if again else 0),
        purchase=f"{event['run']}:{event.get('seq', 0)}",
        inputs=event.get("inputs", {}),
        params=event["params"],
        attempts=event["attempt"],
        reserved=_amount(event["reserved_usd"]),
        estimated_low=_amount(estimate["low"]),
        estimated_high=None if estimate["high"] is None else _amount(estimate["high"]),
        breakdown=tuple(event.get("breakdown", ())),
        owned=state.owned,
        spent=state.spent,
        paid=state.paid if again else Decimal(0),
        paid_basis=state.paid_basis if again else None,
        charges=(*state.charges, _open_charge(state, event)),
        run=state.run,
        intended_at=_moment(event),
        sent=event.get("sent", {}),
        recalled=event.get("recalled"),
        receipts=state.receipts,
    )


def _open_charge(state: InferenceState, event: Event) -> Charge:
    key = ChargeKey(event["run"], state.id, number_next(state.charges))
    return Charge(
        key,
        event["model"],
        _amount(event["reserved_usd"]),
        _moment(event),
        rule=_read_rule(event),
        fingerprint=event["fingerprint"],
        as_of=event.get("priced_as_of", ""),
    )


def _read_rule(event: Event) -> RuleFigures | None:
    """What the price rule said: the estimate, where nothing else is said."""
    if "rule_usd" not in event:
        low, high = event["estimate_usd"]["low"], event["estimate_usd"]["high"]
        if high is None or not event.get("breakdown"):
            return None
        return RuleFigures(_amount(low), _amount(high), _amount(high))
    rule = event["rule_usd"]
    return None if rule is None else RuleFigures(*(_amount(rule[name]) for name in RULE))


def _fold_drift(state: InferenceState, event: Event) -> InferenceState:
    return replace(state, drift=event["message"])


def _fold_raised(state: InferenceState, event: Event) -> InferenceState:
    amount = _amount(event["reserved_usd"])
    return replace(state, reserved=amount, charges=raise_last(state.charges, amount))


def _fold_submitted(state: InferenceState, event: Event) -> InferenceState:
    return replace(
        state,
        status="submitted",
        request_id=event["request_id"],
        urls=event["urls"],
        submitted_at=_moment(event),
        receipts=(*state.receipts, event["request_id"]),
        charges=receive_last(state.charges, event["request_id"]),
        timed_in="" if event.get("adopted") else event["run"],
        error=None,
    )


def _fold_completed(state: InferenceState, event: Event) -> InferenceState:
    units, output = event.get("billable_units"), event["output"]
    return replace(
        state,
        status="completed",
        answer=None if output is None else _EXACT.write(output),
        metrics=event.get("metrics", {}),
        billable_units=None if units is None else _amount(units),
        completed_at=_moment(event),
        took_s=_measure(state, event),
        error=None,
    )


def _measure(state: InferenceState, event: Event) -> float | None:
    if state.submitted_at is None or state.timed_in != event["run"]:
        return None
    seconds = (_moment(event) - state.submitted_at).total_seconds()
    return seconds if seconds >= 0 else None  # the clock was set back meanwhile


def read_asset(event: Event) -> AssetRecord:
    """The asset that an event, or an item of one, describes."""
    duration = event.get("duration_s")
    return AssetRecord(
        path=event["path"],
        sha256=event["sha256"],
        bytes=event["bytes"],
        content_type=event["content_type"],
        width=event.get("width"),
        height=event.get("height"),
        duration_s=None if duration is None else _amount(duration),
        warning=event.get("warning", ""),
        replaced=event.get("replaced"),
        mtime_ns=event.get("mtime_ns", 0),
        index=event.get("index", 0),
        key=event.get("key", ""),
        original_sha256=event.get("original_sha256", ""),
        e_tag=event.get("e_tag", ""),
    )


def own(before: tuple[str, ...], paths: Iterable[str]) -> tuple[str, ...]:
    """Paths that were written so far, and those of some more, each once."""
    return (*before, *dict.fromkeys(path for path in paths if path not in before))


def _fold_asset(state: InferenceState, event: Event) -> InferenceState:
    asset = read_asset(event)
    left = {asset.path, event.get("moved_from")}
    others = tuple(known for known in state.assets if known.path not in left)
    return replace(
        state,
        assets=tuple(sorted((*others, asset), key=lambda each: each.index)),
        owned=own(state.owned, (asset.path,)),
    )


def _fold_settled(state: InferenceState, event: Event) -> InferenceState:
    actual, basis = _amount(event["actual_usd"]), event["basis"]
    bought = bool(state.charges) and state.charges[-1].open
    charges = close_last(state.charges, actual, _moment(event), basis=basis, status=event["status"])
    return replace(
        state,
        status=event["status"],
        actual=actual,
        basis=basis_of_run(charges, event["run"], basis),
        spent=_add(state.spent, actual),
        paid=_add(state.paid, actual) if bought else state.paid,
        paid_basis=weaken(state.paid_basis, basis) if bought else state.paid_basis,
        charges=charges,
        reserved=Decimal(0),
        urls={},  # nobody looks any more: half a KiB of every state
        error=event.get("error"),
        completed_at=state.completed_at or _moment(event),
    )


def _fold_repriced(state: InferenceState, event: Event) -> InferenceState:
    """What a settled estimate has really cost, as it was learnt later."""
    charges = correct(
        state.charges, event.get("request_id"), _amount(event["actual_usd"]), event["basis"]
    )
    was, now = (list_current(each, state.fingerprint) for each in (state.charges, charges))
    more = sum((each.actual or Decimal(0) for each in now), Decimal(0)) - sum(
        (each.actual or Decimal(0) for each in was), Decimal(0)
    )
    basis = weaken(*(each.basis for each in now)) or state.paid_basis
    last = now[0].actual if now else state.actual
    return replace(
        state,
        actual=last,
        basis=basis,
        paid=state.paid + more,
        paid_basis=basis,
        charges=charges,
    )


def _fold_refused(state: InferenceState, event: Event) -> InferenceState:
    charges = state.charges
    if state.doubtful or state.lost:  # else it came before anything was set aside
        charges = close_last(charges, Decimal(0), _moment(event))
    return replace(
        state,
        status="refused",
        charges=charges,
        reserved=Decimal(0),
        actual=Decimal(0),
        basis=basis_of_run(charges, event["run"], "none"),
        error=event["error"],
    )


def _fold_in_doubt(state: InferenceState, event: Event) -> InferenceState:
    doubted_at = state.doubted_at or _moment(event)
    return replace(state, status="in_doubt", error=event["error"], doubted_at=doubted_at)


def _fold_unfinished(state: InferenceState, event: Event) -> InferenceState:
    return replace(state, status="unfinished", error=event["error"])


def _fold_taken(state: InferenceState, event: Event) -> InferenceState:
    """What another clone bought, as it came out of the store: whole, and for nothing."""
    assets = tuple(read_asset(item) for item in event["assets"])
    return InferenceState(
        id=state.id,
        model=event["model"],
        status="succeeded",
        fingerprint=event["fingerprint"],
        number=event["number"],
        purchase=f"{event['run']}:{event['seq']}",
        inputs=event.get("inputs", {}),
        params=event["params"],
        request_id=event.get("request_id"),
        assets=assets,
        owned=own(state.owned, (asset.path for asset in assets)),
        actual=Decimal(0),
        basis="none",
        spent=state.spent,
        paid=_amount(event["paid_usd"]),
        paid_basis=event.get("paid_basis"),
        charges=state.charges,
        run=state.run,
        completed_at=_moment(event),
        receipts=state.receipts,
    )


_FOLDS: dict[str, Callable[[InferenceState, Event], InferenceState]] = {
    "intent": _fold_intent,
    "submitted": _fold_submitted,
    "completed": _fold_completed,
    "asset": _fold_asset,
    "settled": _fold_settled,
    "repriced": _fold_repriced,
    "drift": _fold_drift,
    "raised": _fold_raised,
    "refused": _fold_refused,
    "in_doubt": _fold_in_doubt,
    "unfinished": _fold_unfinished,
    "taken": _fold_taken,
}


def _add(before: Decimal, more: Decimal) -> Decimal:
    """A sum; the very same amount where nothing was before, as nearly always."""
    return before + more if before else more


def _amount(value: object) -> Decimal:
    return _read_amount(str(value))


@lru_cache(maxsize=4096)
def _read_amount(value: str) -> Decimal:
    """Thousands of inferences have few prices: each is in memory once."""
    amount = Decimal(value)
    if not amount.is_finite():
        raise ValueError(f"{value} is no amount")
    return amount


def _moment(event: Event) -> datetime:
    return _read_moment(event["ts"])


_read_moment = lru_cache(maxsize=64)(datetime.fromisoformat)
"""What an event says of the inference and of its charge holds its time once."""
