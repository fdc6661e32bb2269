"""What the command line of a run says, as one value; who asks for the version needs none of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path

    from vidi.runs.planning.shards import Shard


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line of a run says, as click hands it over."""

    job_files: tuple[Path, ...]
    estimate: bool
    plan: Path | None
    apply: Path | None
    budget: Decimal | None
    sandbox: bool
    concurrency: int | None
    project: Path
    output_dir: Path | None
    templates: Path | None
    var: tuple[str, ...]
    vars_file: tuple[Path, ...]
    env_file: Path | None
    select: tuple[str, ...]
    exclude: tuple[str, ...]
    rebuy: tuple[str, ...]
    restore: tuple[str, ...]
    accept: tuple[str, ...]
    gate: Literal["high", "expected"] | None
    shard: Shard | None
    fleet: bool
    rejected: bool
    frozen: bool
    locked: bool
    overwrite: bool
    detach: bool
    allow_outside: bool
    fail_fast: bool
    max_failures: int | None
    json_wanted: bool
    junit: Path | None
    summary_markdown: Path | None
    code_quality: Path | None
    report: bool
    no_input: bool
    yes: bool
    quiet: bool
    verbose: bool
    no_progress: bool
