"""What a plan file holds, and how it is written and read. schema.py is its published schema.

A plan file is data, perhaps a stranger's: nothing in it is believed. What it says is compared with
what the same job files come to now, and only that is carried out.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from vidi.errors import JobFileError, Place, UsageError
from vidi.jobs.reading.files import read_bytes
from vidi.runs.plan_file.schema import SCHEMA_VERSION, plan_schema
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MAX_BYTES = 256 * 1024 * 1024
"""Of a plan: 100,000 entries are 60 MB."""

Usd = Decimal | None


@dataclass(frozen=True, slots=True)
class SavedOptions:
    """The command line of the estimate, as far as it says what is planned. Paths as given."""

    job_files: tuple[str, ...]
    project: str
    output_dir: str | None
    templates: str | None
    env_file: str | None
    vars: Mapping[str, str]
    secret_vars: tuple[str, ...]
    """Variables that were set and are not written down: they are to be set again."""
    vars_files: tuple[str, ...]
    select: tuple[str, ...]
    exclude: tuple[str, ...]
    rebuy: tuple[str, ...]
    restore: tuple[str, ...]
    accept: tuple[str, ...]
    gate: str | None
    shard: str | None
    budget_usd: Usd
    sandbox: bool
    rejected: bool
    frozen: bool
    locked: bool
    overwrite: bool
    allow_outside: bool


@dataclass(frozen=True, slots=True)
class SavedEntry:
    """One inference as it was planned."""

    id: str
    model: str
    action: str
    reason: str
    fingerprint: str
    output: str
    estimate_usd: Mapping[str, Usd]
    """`low`, `expected` and `high` of this run; nothing where nothing is bought."""
    reserve_usd: Decimal
    """What is set aside before it is submitted."""
    inputs: Mapping[str, str]
    """Each input file with the sha256 of its content."""
    purchase: str
    """What its id had when it was planned, by the purchase's name in the journal."""
    paid_usd: Decimal
    """What had been paid for it by then."""
    again: bool
    """Whether it is bought again although the same was bought before."""


@dataclass(frozen=True, slots=True)
class SavedJob:
    """One job file as it was planned."""

    job_file: str
    job_sha256: str
    output_dir: str
    budget_usd: Usd
    estimate_usd: Mapping[str, Usd]
    files: Mapping[str, str]
    """Each data file and text that it reads, relative to the project, with its sha256."""
    inferences: tuple[SavedEntry, ...]


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A model as it was: the hash of its template, and of its price rows."""

    template: str
    prices: str


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What an estimate has shown."""

    vidi_version: str
    made_at: str
    """ISO 8601, UTC."""
    options: SavedOptions
    estimate_usd: Mapping[str, Usd]
    vars_files: Mapping[str, str]
    """Each file of variables with its sha256."""
    models: Mapping[str, SavedModel]
    jobs: tuple[SavedJob, ...] = field(default=())


def render_plan(plan: SavedPlan) -> str:
    """The text of a plan file."""
    return render_json({"schema_version": SCHEMA_VERSION, **asdict(plan)})


def read_plan(path: Path) -> SavedPlan:
    """Read a plan file.

    Raises:
        UsageError: It cannot be read, is no plan, or a newer vidi has written it.
    """
    try:
        text = read_bytes(path, str(path), MAX_BYTES).decode("utf-8")
        found = json.loads(text)
    except JobFileError as error:
        raise _refuse(path, "it is too big") from error
    except (ValueError, RecursionError) as error:
        raise _refuse(path, "it is no JSON") from error
    version = found.get("schema_version") if isinstance(found, dict) else None
    if type(version) is int and version > SCHEMA_VERSION:
        raise UsageError(f"a newer vidi has written {path}", hint="Update vidi.")
    if (wrong := _find_mistake(found)) is not None:
        raise _refuse(path, wrong)
    plan = _build(json.loads(text, parse_float=Decimal, parse_int=Decimal))
    if not all(map(_is_sound, _list_texts(plan.options))):
        raise _refuse(path, "its options hold what no command line can")
    return plan


def is_plan(path: Path) -> bool:
    """Whether a file is a plan, so that another may take its place."""
    try:
        read_plan(path)
    except UsageError:
        return False
    return True


def _list_texts(options: SavedOptions) -> Iterator[str]:
    for value in asdict(options).values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple):
            yield from value
        elif isinstance(value, dict):
            yield from (*value, *value.values())


def _is_sound(text: str) -> bool:
    """Whether a text may be a path or an argument: no zero byte, no half of a character."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def _find_mistake(found: object) -> str | None:
    import jsonschema_rs

    try:
        errors = jsonschema_rs.validator_for(plan_schema()).iter_errors(found)
        error = next(iter(errors), None)
    except ValueError as odd:  # a number that it cannot hold
        return str(odd)
    if error is None:
        return None
    where = "/".join(map(str, error.instance_path))
    return f"{where or 'its top'}: {error.message[:200]}"


def _refuse(path: Path, why: str) -> UsageError:
    return UsageError(
        f"this is no plan of vidi: {why}",
        hint="`vidi-run JOB_FILE --estimate --plan FILE` writes one.",
        place=Place(str(path)),
    )


def _build(found: dict[str, Any]) -> SavedPlan:
    """A plan of values that the schema has checked."""
    options: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in found["options"].items()
    }
    jobs = [
        SavedJob(**{**job, "inferences": tuple(SavedEntry(**each) for each in job["inferences"])})
        for job in found["jobs"]
    ]
    return SavedPlan(
        vidi_version=found["vidi_version"],
        made_at=found["made_at"],
        options=SavedOptions(**options),
        estimate_usd=found["estimate_usd"],
        vars_files=found["vars_files"],
        models={name: SavedModel(**each) for name, each in found["models"].items()},
        jobs=tuple(jobs),
    )
