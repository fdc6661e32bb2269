"""The events of the journal, and what a sequence of them says about one inference.

One attempt goes `intent` → POST → `submitted` → `completed` → `asset` … → `settled`, with
`refused`, `in_doubt`, `failed` or `unfinished` where it leaves that way. Replaying the events gives
an `InferenceState`: a pure function of the journal, the same today and after a crash (`replay.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from vidi.inference.models.prices.estimate import RuleFigures
from vidi.inference.tracking.journal.charges import (
    Charge,
    ChargeKey,
    close_last,
    number_next,
    raise_last,
    receive_last,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from vidi.inference.tracking.bills import Bill
    from vidi.inference.tracking.journal.event_types import Event

JOURNAL_SCHEMA = 2
"""The version of the event format; written into every `run_started`.

It goes up when a vidi that does not know the new format would get wrong what was bought: a newer
version is refused, while a kind of event that is not known is passed over. 2: `renamed`,
`restored` and `taken`, without which a purchase is looked for under the wrong id.
"""

EventKind = Literal[
    "run_started",
    "base_prices",
    "intent",
    "submitted",
    "unknown_status",
    "completed",
    "asset",
    "drift",
    "raised",
    "settled",
    "refused",
    "in_doubt",
    "unfinished",
    "cancel",
    "renamed",
    "restored",
    "taken",
    "repriced",
    "run_finished",
]
"""Every kind of event that is written; journals of each format hold all of them (see its tests)."""

RULE = ("low", "high", "scale")
"""The figures of a price rule, in the order of `RuleFigures`."""

DURABLE = frozenset({"intent", "submitted", "completed", "asset", "renamed", "restored", "taken"})
"""Events that are on disk, not only in the kernel, before anything else happens."""


@dataclass(frozen=True, slots=True)
class AssetRecord:
    """An asset as the journal has it. `path` is POSIX, relative to the output folder."""

    path: str
    sha256: str
    bytes: int
    content_type: str
    width: int | None = None
    height: int | None = None
    duration_s: Decimal | None = None
    warning: str = ""
    replaced: str | None = None
    mtime_ns: int = 0
    """The file's time right after it was made: while size and time agree, it need not be hashed."""
    index: int = 0
    """Which of the outputs it is, from 1; 0 where an older journal does not say."""
    key: str = ""
    """What the answer calls it; empty where it has no name, or an older journal does not say."""


@dataclass(frozen=True, slots=True)
class InferenceState:
    """What became of one inference so far. Amounts are USD."""

    id: str
    model: str = ""
    status: str = "new"
    """new, intended, submitted, completed, succeeded, failed, moderated, refused, in_doubt,
    unfinished."""
    fingerprint: str = ""
    number: int = 0
    """Which of the purchases that are exactly alike it is, from 1; 0 where the journal is older."""
    purchase: str = ""
    """What names the purchase in its journal; empty where nothing was bought or taken."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Input file name to the sha256 of its content."""
    params: Mapping[str, object] = field(default_factory=dict)
    attempts: int = 0
    reserved: Decimal = Decimal(0)
    estimated_low: Decimal = Decimal(0)
    estimated_high: Decimal | None = Decimal(0)
    breakdown: tuple[Mapping[str, object], ...] = ()
    request_id: str | None = None
    urls: Mapping[str, str] = field(default_factory=dict)
    output: object = None
    metrics: Mapping[str, object] = field(default_factory=dict)
    billable_units: Decimal | None = None
    assets: tuple[AssetRecord, ...] = ()
    owned: Mapping[str, str] = field(default_factory=dict)
    """Every path this inference ever wrote, with the sha256 of what it wrote last."""
    actual: Decimal | None = None
    basis: str | None = None
    spent: Decimal = Decimal(0)
    """What its attempts have cost in the run that the last event belongs to."""
    paid: Decimal = Decimal(0)
    """What has been paid, over all runs, for this very fingerprint under this id."""
    paid_basis: str | None = None
    """How that is known; None where nothing was paid yet."""
    drift: str = ""
    """What is to be said of a bill that lay beyond its estimate; empty where none did."""
    charges: tuple[Charge, ...] = ()
    """Every attempt to buy it, in all runs: what the ledger is brought up to."""
    error: Mapping[str, str] | None = None
    run: str = ""
    """The run that the last event belongs to."""
    intended_at: datetime | None = None
    doubted_at: datetime | None = None
    submitted_at: datetime | None = None
    completed_at: datetime | None = None
    recalled: Mapping[str, object] | None = None
    """How its model was called (`used`), where not as its template says (`template`)."""
    sent: Mapping[str, object] = field(default_factory=dict)
    """The params that were sent otherwise than `params` has them: what the files became."""
    receipts: tuple[str, ...] = ()
    """Every id by which a provider ever knew it, the last one last."""
    timed_in: str = ""
    """The run that saw it submitted; empty where it was adopted, so that nobody timed it."""
    took_s: float | None = None
    """Seconds from submit to result, where one run saw both."""

    @property
    def attached(self) -> bool:
        """Whether the provider knows it by an id and has not ended it: never submitted again."""
        return self.request_id is not None and self.status in {
            "submitted",
            "completed",
            "unfinished",
        }

    @property
    def bills(self) -> Iterator[Bill]:
        """What it was billed, attempt by attempt, as far as there is a price rule to compare."""
        return (charge.bill for charge in self.charges if charge.bill is not None)

    @property
    def doubtful(self) -> bool:
        """Whether something may have been bought that nobody has a receipt for."""
        return self.status in {"intended", "in_doubt"}

    @property
    def was_made(self) -> bool:
        """Whether something was made, and paid for."""
        return self.output is not None or bool(self.assets)

    @property
    def lost(self) -> bool:
        """Whether the provider, when it was last asked, did not know the request any more."""
        return self.status == "unfinished" and (self.error or {}).get("code") == "lost"

    @property
    def unsettled(self) -> bool:
        """Whether it may still be billed."""
        return self.attached or self.doubtful


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
    units = event.get("billable_units")
    return replace(
        state,
        status="completed",
        output=event["output"],
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
    )


def _fold_asset(state: InferenceState, event: Event) -> InferenceState:
    asset = read_asset(event)
    left = {asset.path, event.get("moved_from")}
    others = tuple(known for known in state.assets if known.path not in left)
    return replace(
        state,
        assets=tuple(sorted((*others, asset), key=lambda each: each.index)),
        owned={**state.owned, asset.path: asset.sha256},
    )


def _fold_settled(state: InferenceState, event: Event) -> InferenceState:
    actual = _amount(event["actual_usd"])
    bought = bool(state.charges) and state.charges[-1].open
    return replace(
        state,
        status=event["status"],
        actual=actual,
        basis=event["basis"],
        spent=state.spent + actual,
        paid=state.paid + actual if bought else state.paid,
        paid_basis=event["basis"] if bought else state.paid_basis,
        charges=close_last(
            state.charges, actual, _moment(event), basis=event["basis"], status=event["status"]
        ),
        reserved=Decimal(0),
        error=event.get("error"),
        completed_at=state.completed_at or _moment(event),
    )


def _fold_repriced(state: InferenceState, event: Event) -> InferenceState:
    """What a settled estimate has really cost, as it was learnt later."""
    if not state.charges or state.charges[-1].actual is None:
        return state
    actual, last = _amount(event["actual_usd"]), state.charges[-1]
    return replace(
        state,
        actual=actual,
        basis=event["basis"],
        paid=state.paid - (last.actual or Decimal(0)) + actual,
        paid_basis=event["basis"],
        charges=(*state.charges[:-1], replace(last, actual=actual, basis=event["basis"])),
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
        basis="none",
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
        owned={**state.owned, **{asset.path: asset.sha256 for asset in assets}},
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


def _amount(value: object) -> Decimal:
    return Decimal(str(value))


def _moment(event: Event) -> datetime:
    return datetime.fromisoformat(event["ts"])
