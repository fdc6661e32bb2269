"""Destinations: the jobs of a fleet, each by where its outputs go."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from vidi.errors import UsageError
from vidi.inference.tracking.caps import Cap
from vidi.inference.tracking.ledger.schema import usd_of
from vidi.inference.tracking.ledger.work import Work

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from vidi.inference.tracking.ledger.work import Transaction

_FIELDS = """
    journal, store, job, plan_sha256, vidi_version, budget, state, run, CAST(terms AS text),
    created_at, ended_at, why
"""
_FIND = f"SELECT {_FIELDS} FROM vidi_journals WHERE journal = :journal"  # noqa: S608
_LIST = f"SELECT {_FIELDS} FROM vidi_journals ORDER BY created_at"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Terms:
    """What a worker has to know of a job beside its rows."""

    accept: tuple[str, ...] = ()
    """Statuses that do not spoil the exit code."""
    limits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Provider to what the job file allows: places and creates a minute."""
    caps: Mapping[str, str] = field(default_factory=dict)
    """Day, week and month to USD, as the planner had them."""
    concurrency: int = 1
    marks: bool = False
    overwrite: bool = False
    allow_outside: bool = False
    job_sha256: str = ""

    def list_caps(self) -> tuple[Cap, ...]:
        """The planner's caps."""
        setting = "the caps that the fleet was planned with"
        return tuple(
            Cap(kind, Decimal(usd), setting)  # type: ignore[arg-type]  # written from caps
            for kind, usd in self.caps.items()
        )


@dataclass(frozen=True, slots=True)
class Destination:
    """A job of a fleet, by where its outputs go."""

    journal: str
    """Its name: the folder as the project has it, or the address of object storage."""
    job: str
    """The job file, as it was given."""
    vidi_version: str
    budget: Decimal | None
    """USD of the present run; None for no cap."""
    run: str
    """The id of the command that planned it last."""
    store: str = ""
    """Where its outputs go, relative to the project."""
    plan_sha256: str = ""
    """Of what was asked for: the same again has nothing to plan."""
    terms: Terms = field(default_factory=Terms)
    state: str = "planning"
    created_at: datetime | None = None
    ended_at: datetime | None = None
    why: str = ""
    """Which cap had no room, where one has stopped it."""

    @property
    def caps(self) -> tuple[Cap, ...]:
        """What all of the fleet stays under: its own budget, and the planner's caps."""
        own = () if self.budget is None else (Cap("run", self.budget, "`budget`, or --budget"),)
        return (*own, *self.terms.list_caps())


def list_destinations() -> Work[list[Destination]]:
    """Every job of the database, the oldest first.

    Raises:
        StorageError: It cannot be read.
    """
    return Work("reads", lambda found: [_read(row) for row in found.read(_LIST)])


def find_exactly(journal: str) -> Work[Destination | None]:
    """The job of that very name; None where there is none.

    Raises:
        StorageError: The database cannot be read.
    """

    def find(transaction: Transaction) -> Destination | None:
        rows = transaction.read(_FIND, {"journal": journal})
        return _read(rows[0]) if rows else None

    return Work("reads", find, alone=True)


def find_destination(name: str) -> Work[Destination | None]:
    """A job by its destination, its job file or the last part of either; None where none is it.

    Raises:
        UsageError: Several are.
        StorageError: The database cannot be read.
    """

    def find(transaction: Transaction) -> Destination | None:
        known = [_read(row) for row in transaction.read(_LIST)]
        for is_meant in (_is_named, _is_of_file, _ends_with):
            found = [each for each in known if is_meant(each, name)]
            if len(found) > 1:
                names = ", ".join(each.journal for each in found)
                raise UsageError(f"{name} may be several jobs", hint=f"Name one: {names}.")
            if found:
                return found[0]
        return None

    return Work("reads", find, alone=True)


def _is_named(each: Destination, name: str) -> bool:
    return each.journal == name.rstrip("/")


def _is_of_file(each: Destination, name: str) -> bool:
    return each.job == name


def _ends_with(each: Destination, name: str) -> bool:
    return each.journal.rpartition("/")[2] == name


def _read(row: Any) -> Destination:
    journal, store, job, sha256, version, budget, state, run, terms, created, ended, why = row
    known: dict[str, Any] = json.loads(terms)
    known["accept"] = tuple(known.get("accept", ()))
    return Destination(
        journal,
        job,
        version,
        None if budget is None else usd_of(budget),
        run,
        store or "",
        sha256 or "",
        Terms(**{name: value for name, value in known.items() if name in Terms.__slots__}),
        state,
        created,
        ended,
        why or "",
    )
