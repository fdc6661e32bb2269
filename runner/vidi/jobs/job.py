"""A job file, read and checked as a whole: every mistake of its structure at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from vidi.errors import JobFileError, Place, Problem, UsageError
from vidi.jobs.data.sources import is_pattern, split_part
from vidi.jobs.entry import DEFAULT_KEYS, READERS, REQUIRED, mistakes_in, non_finite
from vidi.jobs.expansion.bounds import ONE_MACHINE, JobBounds
from vidi.jobs.expansion.expand import expand
from vidi.jobs.expansion.scope import Scope
from vidi.jobs.expansion.secret_values import find_secrets
from vidi.jobs.expansion.text_files import TextFiles
from vidi.jobs.expansion.used_names import find_used_names
from vidi.jobs.expansion.variables import read_variables
from vidi.jobs.mistakes import MOST_TOLD, MistakeError, describe, did_you_mean, first_of
from vidi.jobs.reading import fields
from vidi.jobs.reading.document import Document, read_document
from vidi.jobs.reading.files import ProjectFiles, is_inside
from vidi.jobs.reading.limits import keep_limits, limit_mistakes
from vidi.jobs.reading.places import Places
from vidi.jobs.reading.tables import Row, Table
from vidi.jobs.rendering.clock import RenderClock
from vidi.jobs.rendering.detect import has_template, may_have_template
from vidi.known_secrets import remember_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from decimal import Decimal

    from vidi.jobs.spec import InferenceSpec

ROOT_KEYS = (
    "version", "name", "budget", "gate", "output_dir", "concurrency", "limits", "portable_names",
    "vars", "defaults", "accept", "inferences",
)  # fmt: skip
_FILE_CALL = re.compile(r"\bfile\s*\(")
SUFFIXES = (".yaml", ".yml", ".json")
"""What the names of job files end with."""
STDIN = Path("-")
"""Stands for the job that is read from stdin, whose name is `stdin`."""
FREE_PREFIX = "x-"
"""Keys of the root with this prefix hold what the author likes, such as anchors."""


@dataclass(frozen=True)
class Job:
    """What a job file asks for."""

    path: Path
    """As it was given."""
    name: str
    budget: Decimal | None
    """In USD a run; None for no cap."""
    budget_given: bool
    """Whether the file says anything of a budget; `null` is something."""
    gate: Literal["high", "expected"]
    """Which sum of the estimates must fit the budget before a run begins."""
    accept: frozenset[str]
    """The statuses that leave the run's exit code at 0: `moderated`, or none."""
    output_dir: Path | None
    """As written; None for the default."""
    concurrency: int
    limits: Mapping[str, Mapping[str, int]]
    """Provider to `concurrency` and `creates_per_minute`, beside those of the project."""
    vars: Mapping[str, object]
    """The file's variables, overridden by those from outside; templates not rendered."""
    sha256: str
    """Of the file's bytes."""
    problems: tuple[Problem, ...]
    """Every mistake of structure; `load_job` raises them."""
    warnings: tuple[Problem, ...]
    _reads_texts: bool = field(repr=False)
    """Whether a template may read files of the project."""
    _entries: list[Places] = field(repr=False)
    _scope: Scope = field(repr=False)

    def inferences(self) -> Iterator[InferenceSpec | Problem]:
        """Every inference in file order, and every mistake found while expanding.

        A generator: an inference is made when it is asked for, and not kept.
        """
        return expand(self._entries, self._scope)

    def let_go(self) -> None:
        """Forget what its entries say, a KiB of each: the plan has all that a run asks for.

        From then on it has no inferences, and no data files.
        """
        self._entries.clear()
        self._scope.places.empty("inferences")

    @property
    def files(self) -> ProjectFiles:
        """The files that it may name."""
        return self._scope.files

    @property
    def data_files(self) -> frozenset[Path] | None:
        """The files that `foreach` walks over; None where more than they decides what it gives."""
        names = [name for each in self._entries if isinstance(name := each.get("foreach"), str)]
        if self._reads_texts or any(has_template(name) or is_pattern(name) for name in names):
            return None
        files = self._scope.files
        return frozenset(files.root / split_part(name, files)[0] for name in names)

    @property
    def secrets(self) -> frozenset[str]:
        """Values whose names say that they are secrets, of all that has been expanded so far."""
        return frozenset(self._scope.secrets)

    @property
    def given_names(self) -> frozenset[str]:
        """The names of the variables from outside."""
        return frozenset(self._scope.overrides)

    @property
    def used_names(self) -> frozenset[str]:
        """The names of the variables that the file sets or reads."""
        return find_used_names(self._scope.places.written(()))

    def note_secrets(self) -> None:
        """Have the variables of the job whose names say so kept out of what is printed."""
        self._scope.secrets.update(find_secrets(self.vars))
        remember_secrets(self._scope.secrets)

    def place_of(self, key: str) -> Place:
        """Where a key of the root stands; the file's beginning where it is not there."""
        return self._scope.places.of_key(key)

    @property
    def written_models(self) -> tuple[object, ...]:
        """What its entries have for a model, their own or the defaults': templates as written."""
        return tuple(each.get("model") for each in self._entries)

    def locate(self, mistake: MistakeError, *path: str) -> Problem:
        """A mistake in what a path of the file holds, with its place."""
        return self._scope.places.problem(mistake, path)


def load_job(
    path: Path,
    *,
    project: Path,
    var: Sequence[str] = (),
    vars_files: Sequence[Path] = (),
    allow_outside: bool = False,
) -> Job:
    """Read a job file whose structure is right.

    Raises:
        UsageError: A file cannot be read, or a `--var` is wrong.
        JobFileError: The structure is wrong; all its mistakes, sorted by place.
    """
    job = read_job(
        path, project=project, var=var, vars_files=vars_files, allow_outside=allow_outside
    )
    if job.problems:
        raise JobFileError(job.problems)
    return job


def read_job(
    path: Path,
    *,
    project: Path,
    var: Sequence[str] = (),
    vars_files: Sequence[Path] = (),
    allow_outside: bool = False,
    content: bytes | None = None,
    bounds: JobBounds = ONE_MACHINE,
) -> Job:
    """Read a job file; what is wrong is in `problems`, and the rest can still be expanded.

    Args:
        path: The job file, as the user named it.
        project: The directory that paths in it are relative to.
        var: `NAME=VALUE` each.
        vars_files: YAML or JSON files with a mapping each.
        allow_outside: Whether files outside of the project may be read.
        content: What it holds, where it is not simply read, as from stdin.
        bounds: How much it may be.

    Raises:
        UsageError: A file cannot be read, or a `--var` is wrong.
        JobFileError: The file is not YAML, or not a mapping.
    """
    files = ProjectFiles(project, allow_outside)
    for each in (path, *vars_files) if content is None else vars_files:
        _refuse_outside(each, files)
    document, digest = read_document(path, str(path), content)
    overrides, problems = read_variables(var, vars_files)
    remember_secrets(find_secrets(overrides))
    root = document.root
    if not isinstance(root, Table):
        raise JobFileError([*document.problems, *problems, _not_a_mapping(document)])
    reading = _Reading(document, root, problems)
    stem = "stdin" if path == STDIN else path.stem
    job = reading.job(path, stem, files, overrides, digest, bounds)
    job.note_secrets()
    return job


def _refuse_outside(path: Path, files: ProjectFiles) -> None:
    if not (files.allow_outside or is_inside(path, files.root)):
        raise UsageError(
            f"{path} is outside the project directory",
            hint="Name the project with -C, or allow it with --allow-outside.",
        )


def _not_a_mapping(document: Document) -> Problem:
    return document.source.problem(
        "wrong-type",
        f"a job file must be a mapping, not {describe(document.root)}",
        document.at,
        hint="Begin with `version: 1`.",
    )


T = TypeVar("T")


class _Reading:
    """One job file on its way from a document to a Job."""

    def __init__(self, document: Document, root: Table, problems: list[Problem]) -> None:
        self._root = root
        self._source = document.source
        self._places = Places(document.source, root, Table(root.at))
        self._problems = [*document.problems, *problems]

    def job(
        self,
        path: Path,
        stem: str,
        files: ProjectFiles,
        overrides: Mapping[str, object],
        sha256: str,
        bounds: JobBounds,
    ) -> Job:
        """The job, with everything that is wrong in it; `stem` is its name where it says none."""
        self._check_root_keys()
        self._read("version", fields.read_version, None)
        written = self._source.number_at(self._places.marks(("budget",))[1])
        folder = self._read("output_dir", fields.read_folder, None)
        variables = self._variables()
        portable = self._read("portable_names", partial(fields.read_flag, "portable_names"), True)
        entries = self._entries()
        return Job(
            path=path,
            name=self._read("name", fields.read_name, stem),
            budget=self._read("budget", partial(fields.read_budget, written=written), None),
            budget_given="budget" in self._root,
            gate=self._read("gate", fields.read_gate, "high"),
            accept=self._read("accept", fields.read_accept, frozenset()),
            output_dir=None if folder is None else Path(folder),
            concurrency=self._read("concurrency", _read_concurrency, 1),
            limits=self._limits(),
            vars={**variables, **overrides},
            sha256=sha256,
            _reads_texts=_FILE_CALL.search(self._source.text) is not None,
            _entries=entries,
            _scope=Scope(
                files,
                TextFiles(files),
                portable,
                self._places,
                variables,
                overrides,
                RenderClock(bounds.render_s),
                plain=not may_have_template(self._source.text),
                bounds=bounds,
            ),
            problems=tuple(sorted(self._problems, key=_by_place)),
            warnings=(),
        )

    def _read(self, key: str, read: Callable[[object], T], otherwise: T) -> T:
        if key not in self._root:
            return otherwise
        try:
            return read(self._root[key])
        except MistakeError as mistake:
            self._problems.append(self._places.problem(mistake, (key,)))
            return otherwise

    def _read_mapping(self, key: str) -> dict[str, object]:
        nothing: dict[str, object] = {}
        return self._read(key, partial(fields.read_mapping, key), nothing)

    def _check_root_keys(self) -> None:
        for mistake in first_of(_unknown_keys(self._root)):
            self._problems.append(self._places.problem(mistake, ()))
        for key, hint in (("version", "Add `version: 1`."), ("inferences", "Add `inferences:`.")):
            if key not in self._root:
                mistake = MistakeError(f"{key!r} is missing", kind="missing", hint=hint)
                self._problems.append(self._places.problem(mistake, ()))

    def _limits(self) -> Mapping[str, Mapping[str, int]]:
        written = self._read_mapping("limits")
        for mistake in first_of(limit_mistakes(written)):
            self._problems.append(self._places.problem(mistake, ("limits",)))
        return keep_limits(written)

    def _variables(self) -> Mapping[str, object]:
        found = self._root.get("vars")
        if found is None:
            return {}
        variables = self._read_mapping("vars")
        wrong = chain(fields.name_mistakes("vars", variables), non_finite(variables))
        for mistake in first_of(wrong):
            self._problems.append(self._places.problem(mistake, ("vars",)))
        return dict(variables)

    def _entries(self) -> list[Places]:
        written = self._read_mapping("defaults")
        defaults = written if isinstance(written, Table) else Table(self._root.at)
        rows = self._read("inferences", _read_inferences, Row(0))
        entries = [Places(self._source, row, defaults) for row in rows if isinstance(row, Table)]
        self._check_defaults(defaults, entries)
        wrong = (number for number, row in enumerate(rows) if not isinstance(row, Table))
        for number in islice(wrong, MOST_TOLD):
            self._not_an_entry(rows[number], rows.marks[number])
        for entry, row in zip(
            entries, (row for row in rows if isinstance(row, Table)), strict=True
        ):
            self._check_entry(entry, row)
        return entries

    def _not_an_entry(self, row: object, mark: int) -> None:
        message = f"an inference must be a mapping, not {describe(row)}"
        hint = "Write `- id: …` with model, params and output below it."
        self._problems.append(self._source.problem("wrong-type", message, mark, hint=hint))

    def _check_defaults(self, defaults: Table, entries: list[Places]) -> None:
        places = Places(self._source, defaults, Table(defaults.at))
        for path, mistake in mistakes_in(defaults, DEFAULT_KEYS, "'defaults'"):
            full = (*path, *mistake.path)
            hit = [name for each in entries if each.takes_default(full) for name in _ids_of(each)]
            self._problems.append(places.problem(mistake, path, tuple(dict.fromkeys(hit))))

    def _check_entry(self, entry: Places, row: Table) -> None:
        ids = _ids_of(entry)
        for path, mistake in mistakes_in(row, READERS, "an inference"):
            self._problems.append(entry.problem(mistake, path, ids))
        for key in REQUIRED:
            if key not in entry:
                mistake = MistakeError(f"{key!r} is missing", kind="missing", hint=f"Add `{key}:`.")
                self._problems.append(entry.problem(mistake, (), ids))


def _unknown_keys(root: Table) -> Iterator[MistakeError]:
    for key in root:
        if key not in ROOT_KEYS and not key.startswith(FREE_PREFIX):
            hint = did_you_mean(key, ROOT_KEYS, otherwise=f"Known keys: {', '.join(ROOT_KEYS)}.")
            message = f"unknown key {key!r}"
            yield MistakeError(message, kind="unknown-key", hint=hint, path=(key,))


def _ids_of(entry: Places) -> tuple[str, ...]:
    """The id as written, perhaps a template; none where it is not text."""
    written = entry.get("id")
    return (written,) if isinstance(written, str) else ()


def _read_inferences(value: object) -> Row:
    if not isinstance(value, Row):
        raise MistakeError(
            f"'inferences' must be a list, not {describe(value)}", kind="wrong-type",
            hint="Begin each inference with `- id:`.",
        )  # fmt: skip
    if not value:
        raise MistakeError("'inferences' is empty", kind="no-rows")
    return value


def _read_concurrency(value: object) -> int:
    return fields.read_count("concurrency", value, fields.MAX_CONCURRENCY)


def _by_place(problem: Problem) -> tuple[str, int, int]:
    place = problem.place
    return (place.path, place.line, place.column) if place else ("", 0, 0)
