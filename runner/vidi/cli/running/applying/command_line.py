"""The command line of an estimate in a plan file, and what `--apply` makes of both.

What the plan says is not to be said again; where it is, it must be the same. What gives leave to
something, and the secrets that no plan holds, must be said again.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.dollars import format_usd
from vidi.errors import RefusedError, UsageError
from vidi.inference.tracking.redaction import redact_texts, says_secret
from vidi.runs.plan_file.shape import SavedOptions
from vidi.runs.planning.shards import read_shard
from vidi.runs.records.folder import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vidi.cli.run_options import RunOptions
    from vidi.runs.planning.shards import Shard

Texts = tuple[str, ...]
SAID = {
    "project": "-C", "output_dir": "-o", "templates": "--templates", "env_file": "--env-file",
    "vars_files": "--vars-file", "select": "--select", "exclude": "--exclude", "rebuy": "--rebuy",
    "restore": "--restore", "accept": "--accept", "shard": "--shard", "gate": "--gate",
    "budget_usd": "--budget", "sandbox": "--sandbox", "rejected": "--rejected",
    "frozen": "--frozen", "locked": "--locked", "overwrite": "--overwrite",
    "allow_outside": "--allow-outside",
}  # fmt: skip
"""What a plan says in the place of which option."""


def save_options(options: RunOptions, secrets: Texts) -> SavedOptions:
    """What of a command line says what is planned.

    Args:
        options: Those of the estimate.
        secrets: Texts that no plan may hold.
    """
    given = dict(_split(each) for each in options.var)
    secret = [name for name in given if _is_secret(name, given[name], secrets)]
    return SavedOptions(
        job_files=_texts(options.job_files),
        project=options.project.as_posix(),
        output_dir=_text(options.output_dir),
        templates=_text(options.templates),
        env_file=_text(options.env_file),
        vars={name: value for name, value in given.items() if name not in secret},
        secret_vars=tuple(secret),
        vars_files=_texts(options.vars_file),
        select=options.select,
        exclude=options.exclude,
        rebuy=options.rebuy,
        restore=options.restore,
        accept=options.accept,
        gate=options.gate,
        shard=_text_of(options.shard),
        budget_usd=options.budget,
        sandbox=options.sandbox,
        rejected=options.rejected,
        frozen=options.frozen,
        locked=options.locked,
        overwrite=options.overwrite,
        allow_outside=options.allow_outside,
    )


def take_up(options: RunOptions, saved: SavedOptions) -> RunOptions:
    """The options with which a plan is carried out.

    Args:
        options: What the command line of `--apply` says.
        saved: What that of the estimate said.

    Raises:
        UsageError: A secret variable must be given again.
        RefusedError: Something is said otherwise than it was, or leave must be given again.
    """
    given = dict(_split(each) for each in options.var)
    missing = [name for name in saved.secret_vars if name not in given]
    if missing:
        raise UsageError(
            f"the plan was made with {', '.join(f'--var {each}' for each in missing)}, which is a "
            "secret and not in it",
            hint="Give it again.",
        )
    differences = [*_compare(options, saved, given), *_list_leave(options, saved)]
    if differences:
        raise RefusedError(
            f"not as planned: {'; '.join(differences)}",
            hint="Make a new plan with --estimate --plan FILE, or say it as it was said.",
        )
    variables = {**saved.vars, **{name: given[name] for name in saved.secret_vars}}
    return replace(
        options,
        job_files=tuple(map(Path, saved.job_files)),
        project=Path(saved.project),
        output_dir=_path(saved.output_dir),
        templates=_path(saved.templates),
        env_file=_path(saved.env_file),
        var=tuple(f"{name}={value}" for name, value in variables.items()),
        vars_file=tuple(map(Path, saved.vars_files)),
        select=saved.select,
        exclude=saved.exclude,
        rebuy=saved.rebuy,
        restore=saved.restore,
        accept=saved.accept,
        gate="expected" if saved.gate == "expected" else "high" if saved.gate else None,
        shard=read_shard(saved.shard) if saved.shard is not None else None,
        budget=saved.budget_usd,
        sandbox=saved.sandbox,
        rejected=saved.rejected,
        frozen=saved.frozen,
        locked=saved.locked,
    )


def refuse_foreign_folder(folder: Path, project: Path) -> None:
    """Refuse that a plan leads assets out of the project, into a folder that is not vidi's.

    A plan may be a stranger's, and what a run writes beside the assets has names of its own.

    Raises:
        RefusedError: The folder holds something, and no run made it.
    """
    inside = folder.resolve().is_relative_to(project.resolve())
    if inside or (folder / JOURNAL).exists() or not folder.exists():
        return
    if not folder.is_dir() or next(folder.iterdir(), None) is not None:
        raise RefusedError(
            f"the plan leads to {folder}, which is outside the project and holds other files",
            hint="Name an empty folder, or one of an earlier run.",
        )


def _compare(options: RunOptions, saved: SavedOptions, given: Mapping[str, str]) -> Iterator[str]:
    """What is said now, and was said otherwise; what is not said is as it was."""
    for name, value in given.items():
        if name not in saved.secret_vars and saved.vars.get(name) != value:
            yield f"--var {name} is another"
    now = save_options(options, ())
    for name, option in SAID.items():
        value, was = getattr(now, name), getattr(saved, name)
        if _is_said(value) and value != was:
            yield f"{option} is {_tell(value)}, planned with {_tell(was)}"


def _is_said(value: object) -> bool:
    """Whether an option was given; a budget of 0 was."""
    return value is not None and value is not False and value not in ((), ".")


def _tell(value: object) -> str:
    """What an option says, in words."""
    if not _is_said(value):
        return "none"
    if isinstance(value, Decimal):
        return format_usd(value)
    if isinstance(value, tuple):
        return ", ".join(value)
    return "given" if value is True else str(value)


def _list_leave(options: RunOptions, saved: SavedOptions) -> Iterator[str]:
    """What the plan was given leave to, and whoever carries it out has not given."""
    leave = (
        ("--overwrite", options.overwrite, saved.overwrite),
        ("--allow-outside", options.allow_outside, saved.allow_outside),
    )
    yield from (
        f"planned with {option}, which must be given again"
        for option, now, was in leave
        if was and not now
    )


def _is_secret(name: str, value: str, secrets: Texts) -> bool:
    return says_secret(name) or redact_texts(value, secrets) != value


def _split(setting: str) -> tuple[str, str]:
    name, _, value = setting.partition("=")
    return name, value


def _texts(paths: Iterable[Path]) -> Texts:
    return tuple(path.as_posix() for path in paths)


def _text(path: Path | None) -> str | None:
    return path.as_posix() if path is not None else None


def _text_of(shard: Shard | None) -> str | None:
    return str(shard) if shard is not None else None


def _path(text: str | None) -> Path | None:
    return Path(text) if text is not None else None
