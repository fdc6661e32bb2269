"""Variables from outside the job file: `--vars-file FILE`, then `--var NAME=VALUE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import Problem, UsageError
from vidi.jobs.mistakes import MistakeError
from vidi.jobs.reading.document import parse_document
from vidi.jobs.reading.fields import name_mistakes
from vidi.jobs.reading.files import decoded, read_bytes
from vidi.jobs.reading.json_text import parse_json
from vidi.jobs.reading.scalars import resolve
from vidi.jobs.reading.source import Source
from vidi.jobs.reading.tables import Table, without_places

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_NO_MAPPING = "a file of variables must hold a mapping"


def read_variables(
    var: Sequence[str], files: Sequence[Path]
) -> tuple[dict[str, object], list[Problem]]:
    """The variables that override a job file's, later ones winning, and what is wrong in files.

    Raises:
        UsageError: A `--var` is not NAME=VALUE, or a file cannot be read.
        JobFileError: A file is not YAML.
    """
    variables: dict[str, object] = {}
    problems: list[Problem] = []
    for path in files:
        found, wrong = _read_file(path)
        variables |= found
        problems += wrong
    for assignment in var:
        name, value = _read_assignment(assignment)
        variables[name] = value
    return variables, problems


def _read_file(path: Path) -> tuple[dict[str, object], list[Problem]]:
    name = str(path)
    text = decoded(read_bytes(path, name), name)
    if path.suffix.lower() == ".json":
        return _from_json(Source(name, text))
    document = parse_document(name, text)
    source, root = document.source, document.root
    if not isinstance(root, Table):
        return {}, [*document.problems, source.problem("wrong-type", _NO_MAPPING, document.at)]
    wrong = [
        source.problem_of(mistake, root.key_mark(str(mistake.path[0])))
        for mistake in name_mistakes(path.name, root)
    ]
    return {key: without_places(each) for key, each in root.items()}, [*document.problems, *wrong]


def _from_json(source: Source) -> tuple[dict[str, object], list[Problem]]:
    value = parse_json(source, source.text, 1)
    if isinstance(value, Problem):
        return {}, [value]
    if not isinstance(value, dict):
        return {}, [source.problem("wrong-type", _NO_MAPPING, 0)]
    wrong = name_mistakes(source.name, value)
    return value, [source.problem_of(mistake, 0) for mistake in wrong]


def _read_assignment(assignment: str) -> tuple[str, object]:
    """`count=3` is a number, `ratio=16:9` text: the scalars of YAML 1.2, but no text is none."""
    name, equals, text = assignment.partition("=")
    if not equals:
        raise UsageError(
            f"--var must be NAME=VALUE, not {assignment!r}", hint="Write --var style=flat."
        )
    for mistake in name_mistakes("--var", [name]):
        raise UsageError(mistake.message, hint=mistake.hint)
    try:
        return name, resolve(text) if text else ""
    except MistakeError as mistake:
        raise UsageError(f"--var {name}: {mistake.message}", hint=mistake.hint) from mistake
