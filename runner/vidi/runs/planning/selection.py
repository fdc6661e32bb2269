"""Which inferences a run is about: `--select`, `--exclude` and `--rebuy`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, get_args

from vidi.errors import Place, Problem, UsageError
from vidi.jobs.mistakes import did_you_mean
from vidi.runs.status_words import STATUS_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.jobs.spec import InferenceSpec

Field = Literal["id", "tag", "model", "status"]
STATUSES = frozenset(
    {"new", "intended", "submitted", "completed", "succeeded", "failed", "moderated", "refused",
     "in_doubt", "unfinished"}
)  # fmt: skip
"""What the journal calls an inference; `vidi status` and the manifest have other words for some."""
FORMS = "Write an id or a glob such as 'card-*', tag:x, model:fal/*, status:failed."


class UnmatchedSelectorError(UsageError):
    """A selector means none of the inferences of any job file."""

    code = "unmatched-selector"


@dataclass(frozen=True, slots=True)
class Selector:
    """One pattern: an id glob, `tag:x`, `model:glob` or `status:failed`."""

    field: Field
    glob: str

    def matches(self, spec: InferenceSpec, state: InferenceState | None) -> bool:
        """Whether an inference, with what is known of it, is meant."""
        match self.field:
            case "id":
                return fnmatchcase(spec.id, self.glob)
            case "tag":
                return any(fnmatchcase(tag, self.glob) for tag in spec.tags)
            case "model":
                return fnmatchcase(spec.model, self.glob)
            case "status":
                status = state.status if state else "new"
                return any(
                    fnmatchcase(word, self.glob)
                    for word in (status, STATUS_WORDS.get(status, status))
                )

    def __str__(self) -> str:
        return self.glob if self.field == "id" else f"{self.field}:{self.glob}"

    def find_mistake(self) -> UsageError | None:
        """Say why a selector that means nothing cannot mean anything; None where it could."""
        if self.field == "status" and not any(fnmatchcase(each, self.glob) for each in STATUSES):
            return UsageError(
                f"there is no status '{self.glob}'",
                hint=did_you_mean(
                    self.glob, STATUSES, otherwise=f"Statuses: {', '.join(sorted(STATUSES))}."
                ),
            )
        head, colon, _ = self.glob.partition(":")
        if self.field == "id" and colon:
            kinds = get_args(Field)
            return UsageError(
                f"'{self}': no inference has this id, and selectors do not begin with '{head}:'",
                hint=did_you_mean(head, kinds, otherwise=FORMS),
            )
        return None


def parse_selectors(texts: Sequence[str]) -> tuple[Selector, ...]:
    """Read selectors as the command line has them; several in one text are split at commas.

    Raises:
        UsageError: An empty pattern.
    """
    selectors = []
    for text in (part.strip() for whole in texts for part in whole.split(",")):
        head, colon, rest = text.partition(":")
        named = colon and head in get_args(Field)
        glob = rest if named else text
        if not glob:
            raise UsageError(
                f"'{text}' selects nothing",
                hint=FORMS,
            )
        selectors.append(Selector(head if named else "id", glob))  # type: ignore[arg-type]  # narrowed by get_args
    return tuple(selectors)


def matches_any(
    selectors: Sequence[Selector], spec: InferenceSpec, state: InferenceState | None
) -> bool:
    """Whether at least one of the selectors means this inference."""
    return bool(selectors) and any(selector.matches(spec, state) for selector in selectors)


def select_exactly(key: str) -> Selector:
    """The selector that means an id and nothing else."""
    return Selector("id", "".join(f"[{each}]" if each in "*?[" else each for each in key))


def select_only(key: str) -> str:
    """Write an id as a selector that means it and nothing else, as a shell takes it."""
    exact = "".join("?" if each == "," else f"[{each}]" if each in "*?[" else each for each in key)
    return shlex.quote(f"id:{exact}" if ":" in key else exact)


def refuse_unmatched(option: str, selector: Selector, ids: Iterable[str]) -> UnmatchedSelectorError:
    """The mistake of an option that means no inference at all, with the nearest ids."""
    hint = did_you_mean(selector.glob, ids) if selector.field == "id" else ""
    return UnmatchedSelectorError(f"{option} {selector} means none of the inferences", hint=hint)


def warn_unmatched(option: str, selector: Selector, job_file: Path) -> Problem:
    """Warn that no inference has the status that an option means, as another day one may."""
    message = f"{option} {selector} means none of the inferences"
    return Problem(UnmatchedSelectorError.code, message, Place(str(job_file)), severity="warning")
