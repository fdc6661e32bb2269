"""What differs, as Markdown that fits a comment of a pull request.

Ids, params and paths come from whoever wrote the job file: they stand there as code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.cli.display.difference.text import FILES, list_over_budget
from vidi.cli.display.difference.wording import (
    count_changes,
    list_differences,
    tell_amounts,
    tell_difference,
    tell_id,
    tell_purchase,
    tell_step,
)
from vidi.cli.display.escaping.markdown import as_code, fold
from vidi.dollars import DASH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vidi.runs.comparing.changes import Change, Sums
    from vidi.runs.comparing.comparison import ComparedJob, Comparison

MOST_ROWS = 30
"""With more, tables are folded."""
MOST_CHARACTERS = 60_000
"""A comment on GitHub has at most 65,536: the rest is for who posts it."""
MOST_DIFFERENCES = 20
"""Lines of one entry."""
_HEADINGS = ("inference", "what differs", "before", "after", "a run")


def render_markdown(comparison: Comparison) -> str:
    """The whole comment, at most `MOST_CHARACTERS` long."""
    head = [
        f"### vidi diff: {_tell_usd(tell_step(comparison.sums))}",
        "",
        f"{as_code(comparison.base)} → {as_code(comparison.head)}: "
        f"{count_changes(comparison.changes)}. "
        f"{_tell_usd(tell_purchase(comparison.changes))}",
    ]
    for warning in (*(each.message for each in comparison.warnings), *list_over_budget(comparison)):
        head += ["", f"> **Note:** {as_code(warning)}"]
    folded = sum(len(job.differing) for job in comparison.jobs) > MOST_ROWS
    parts = [
        *(_Table(_tell_job(job), _list_rows(job)) for job in comparison.jobs if job.differs),
        *_sum_models(comparison),
    ]
    return _fit("\n".join(head), parts, folded=folded)


class _Table:
    """A table with what stands above it."""

    def __init__(self, title: str, rows: Sequence[str]) -> None:
        self.title = title
        self.heading, self.rows = rows[:2], rows[2:]

    def render(self, rows: Sequence[str], *, folded: bool) -> str:
        """With some of its rows; where it is folded, only the title is seen at first."""
        table = "\n".join((*self.heading, *rows)) if self.rows else ""
        if not table:
            return self.title
        if not folded:
            return f"{self.title}\n\n{table}"
        return fold(self.title, table)


def _fit(head: str, tables: Sequence[_Table], *, folded: bool) -> str:
    """As much as a comment holds; what is left out is counted."""
    parts = [head]
    left = MOST_CHARACTERS - len(head)
    dropped = 0
    for table in tables:
        left -= len(table.render((), folded=True)) + len("\n\n")
        kept: list[str] = []
        for row in table.rows:
            left -= len(row) + 1
            if left < 0:
                break
            kept.append(row)
        dropped += len(table.rows) - len(kept)
        if kept or left > 0:
            parts.append(table.render(kept, folded=folded))
    if dropped:
        parts.append(f"{dropped:,} more rows do not fit here: `vidi diff` shows them.")
    return "\n\n".join(parts)


def _tell_usd(text: str) -> str:
    """Amounts as they stand anywhere: between two dollar signs GitHub sees a formula."""
    return text.replace("$", "&#36;")


def _tell_job(job: ComparedJob) -> str:
    was = f" (was {as_code(job.was)})" if job.was is not None else ""
    return f"{as_code(job.path.as_posix())}{was}{FILES[job.kind]}: {_tell_usd(tell_step(job.sums))}"


def _list_rows(job: ComparedJob) -> list[str]:
    return _make_table(_HEADINGS, "---|---|--:|--:|---", map(_make_row, job.differing))


def _make_table(headings: Sequence[str], rule: str, rows: Iterator[Sequence[str]]) -> list[str]:
    return [_join(headings), f"|{rule}|", *map(_join, rows)]


def _join(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _make_row(change: Change) -> tuple[str, ...]:
    return (
        f"{as_code(tell_id(change))}<br>{as_code(change.model)}",
        _tell_differences(change),
        DASH if change.change == "added" else _tell_usd(tell_amounts(change.before)),
        DASH if change.change == "removed" else _tell_usd(tell_amounts(change.after)),
        change.action or DASH,
    )


def _tell_differences(change: Change) -> str:
    if change.change == "removed":
        return change.change
    listed = list_differences(change)
    told = [
        f"{as_code(name)}: {as_code(after)}"
        if change.change == "added"
        else f"{as_code(name)}: {as_code(before)} → {as_code(after)}"
        for name, before, after in listed[:MOST_DIFFERENCES]
    ]
    if len(listed) > len(told):
        told.append(f"and {len(listed) - len(told)} more")
    return "<br>".join((change.change, *told))


def _sum_models(comparison: Comparison) -> Iterator[_Table]:
    models = {name: each for name, each in comparison.by_model.items() if each.before != each.after}
    if len(models) > 1:
        rows = map(_make_model_row, models.items())
        headings = ("model", "before", "after", "difference")
        yield _Table("By model", _make_table(headings, "---|--:|--:|--:", rows))


def _make_model_row(named: tuple[str, Sums]) -> tuple[str, ...]:
    name, sums = named
    told = (tell_amounts(sums.before), tell_amounts(sums.after), tell_difference(sums))
    return (as_code(name), *map(_tell_usd, told))
