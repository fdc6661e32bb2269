"""Which inferences a run is about: `--select`, `--exclude` and `--rebuy`."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, get_args

from vidi.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vidi.inference.tracking.events import InferenceState
    from vidi.jobs.spec import InferenceSpec

Field = Literal["id", "tag", "model", "status"]


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
                return fnmatchcase(state.status if state else "new", self.glob)


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
                hint="Write an id or a glob such as 'card-*', tag:x, model:fal/*, status:failed.",
            )
        selectors.append(Selector(head if named else "id", glob))  # type: ignore[arg-type]  # narrowed by get_args
    return tuple(selectors)


def matches_any(
    selectors: Sequence[Selector], spec: InferenceSpec, state: InferenceState | None
) -> bool:
    """Whether at least one of the selectors means this inference."""
    return any(selector.matches(spec, state) for selector in selectors)
