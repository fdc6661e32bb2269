"""The events of the journal, and what a sequence of them says about one inference.

One attempt goes `intent` → POST → `submitted` → `completed` → `asset` … → `settled`, with
`refused`, `in_doubt`, `failed` or `unfinished` where it leaves that way. Replaying the events gives
an `InferenceState` (`fold.py`).
"""

from __future__ import annotations

from dataclasses import asdict, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from vidi.inference.tracking.journal.exact_json import read_exactly
from vidi.values import value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from vidi.inference.tracking.bills import Bill
    from vidi.inference.tracking.journal.charges import Charge

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

DURABLE = frozenset({"intent", "submitted", "completed", "asset", "renamed", "restored", "taken"})
"""Events that are on disk, not only in the kernel, before anything else happens."""

PATIENT = frozenset({"completed", "asset", "settled"})
"""Events that may wait a moment to be written with others: the receipt is on disk long since, so
that without them the next run asks for the answer again, for nothing."""

PATIENCE_S = 0.01
"""How long they wait for company: of a busy run an intent comes sooner."""

ENDING = frozenset({"settled", "refused", "in_doubt", "unfinished"})
"""Events after which nothing more is written of a purchase, unless a later run goes on with it."""


@value
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
    original_sha256: str = ""
    """Of what the provider gave, where a mark was put into it; empty where it is just that."""
    e_tag: str = ""
    """What object storage calls the content; empty in a folder, which has `mtime_ns`."""

    def to_json(self) -> dict[str, object]:
        """The record as events hold it; fields that few have are left out where they are empty."""
        described: dict[str, object] = asdict(self)
        for name in ("original_sha256", "e_tag"):
            if not described[name]:
                del described[name]
        return described


@value
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
    answer: str | None = None
    """What was made, as the text of a JSON value: a fourth of its size, and few ask for it."""
    metrics: Mapping[str, object] = field(default_factory=dict)
    billable_units: Decimal | None = None
    assets: tuple[AssetRecord, ...] = ()
    owned: tuple[str, ...] = ()
    """Every path this inference ever wrote."""
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
    def output(self) -> Any:
        """What was made, as the provider has said it: a JSON value; None where there is nothing."""
        return None if self.answer is None else read_exactly(self.answer)

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
        return self.answer is not None or bool(self.assets)

    @property
    def lost(self) -> bool:
        """Whether the provider, when it was last asked, did not know the request any more."""
        return self.status == "unfinished" and (self.error or {}).get("code") == "lost"

    @property
    def unsettled(self) -> bool:
        """Whether it may still be billed."""
        return self.attached or self.doubtful
