"""Variables from outside the job file: `--vars-file FILE`, then `--var NAME=VALUE`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vidi.errors import UsageError
from vidi.jobs.document import read_document
from vidi.jobs.environment import plain
from vidi.jobs.fields import name_mistakes
from vidi.jobs.mistakes import MistakeError
from vidi.jobs.scalars import resolve
from vidi.jobs.tables import Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vidi.errors import Problem


def read_variables(
    var: Sequence[str], files: Sequence[Path]
) -> tuple[dict[str, Any], list[Problem]]:
    """The variables that override a job file's, later ones winning, and what is wrong in files.

    Raises:
        UsageError: A `--var` is not NAME=VALUE, or a file cannot be read.
        JobFileError: A file is not YAML (JSON is YAML).
    """
    variables: dict[str, Any] = {}
    problems: list[Problem] = []
    for path in files:
        found, wrong = _read_file(path)
        variables |= found
        problems += wrong
    for assignment in var:
        name, value = _read_assignment(assignment)
        variables[name] = value
    return variables, problems


def _read_file(path: Path) -> tuple[dict[str, Any], list[Problem]]:
    document, _ = read_document(path, str(path))
    source, root = document.source, document.root
    if not isinstance(root, Table):
        message = "a file of variables must hold a mapping"
        return {}, [*document.problems, source.problem("wrong-type", message, document.at)]
    wrong = [
        source.problem_of(mistake, root.key_mark(str(mistake.path[0])))
        for mistake in name_mistakes(path.name, root)
    ]
    return plain(root), [*document.problems, *wrong]


def _read_assignment(assignment: str) -> tuple[str, Any]:
    """`count=3` is a number, `ratio=16:9` text: the scalars of YAML 1.2."""
    name, equals, text = assignment.partition("=")
    if not equals:
        raise UsageError(
            f"--var must be NAME=VALUE, not {assignment!r}", hint="Write --var style=flat."
        )
    for mistake in name_mistakes("--var", [name]):
        raise UsageError(mistake.message, hint=mistake.hint)
    try:
        return name, resolve(text)
    except MistakeError as mistake:
        raise UsageError(f"--var {name}: {mistake.message}", hint=mistake.hint) from mistake
