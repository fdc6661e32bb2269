"""The steps of `vidi models pull`: ask, compare, show, write."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.cli.display.console import Console
from vidi.cli.models.ask_providers import ask_providers
from vidi.cli.models.template_writing import (
    Old,
    locate_template,
    prove_template,
    read_old,
    write_if_wanted,
)
from vidi.errors import VidiError
from vidi.inference.models.discovery.base_price import propose_row
from vidi.inference.models.discovery.template import list_changes, make_template, refresh_template
from vidi.inference.models.discovery.template_text import render_template
from vidi.inference.models.registry import OfficialVersionError, UnknownModelError
from vidi.inference.models.template import OutputType
from vidi.runs.planning.example import price_example
from vidi.runs.records.figures import format_estimate
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.inference.models.discovery.base_price import Proposal
    from vidi.inference.models.discovery.difference import Change
    from vidi.inference.models.discovery.discovery import Discovery
    from vidi.inference.models.template import ModelInfo

SIGNS = {"added": "+", "removed": "-"}
UNSURE = (
    "could not tell what it makes: any file will do, and none is looked into; "
    "set `output_type` in the template where you know"
)


@dataclass(frozen=True, slots=True)
class PullOptions:
    """What the command line of a pull says."""

    templates: Path
    yes: bool
    json_wanted: bool
    sandbox: bool
    env_file: Path | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A template that is not written yet."""

    text: str
    model: ModelInfo
    old: ModelInfo | None
    """What was there before: the user's own file, or the one that vidi ships."""
    changes: tuple[Change, ...]
    proposal: Proposal
    renamed_to: str = ""
    """What the provider calls it by now, where that is another id."""

    @property
    def wants_price(self) -> bool:
        """Whether nobody has written a price for it yet, or the provider's own has changed."""
        rows = self.model.pricing["rows"]
        unpriced = not rows or "unpriced" in rows[-1]
        return unpriced or any(change.kind == "billing" for change in self.changes)


def pull(model_id: str, options: PullOptions) -> int:
    """Make or refresh one template.

    Raises:
        UsageError: The id is none, or another model's template has the file.
        VidiError: The provider could not be asked, or says what makes no template.
    """
    console = Console(json_wanted=options.json_wanted)
    target = locate_template(model_id, options.templates)
    old = _find_old(model_id, options.templates)
    answer = ask_providers(
        [model_id], sandbox=options.sandbox, env_file=options.env_file, templates=options.templates
    )[model_id]
    if isinstance(answer, VidiError):
        raise answer
    draft = _draft(old, answer)
    _show(draft, target, console)
    written = write_if_wanted(target, draft.text, console, yes=options.yes)
    if options.json_wanted:
        console.print_data(render_json(_as_json(draft, target, written=written)).rstrip("\n"))
    elif written:
        console.print_data(target.as_posix())
    return 0 if written else 1


def _find_old(model_id: str, templates: Path) -> Old | None:
    """The template that a refresh begins with: of the model, or of another version of it.

    Raises:
        UsageError: The file belongs to another model, or is broken.
    """
    try:
        return read_old(model_id, templates)
    except (OfficialVersionError, UnknownModelError):
        return None


def _draft(old: Old | None, found: Discovery) -> Draft:
    today = datetime.now(UTC).date().isoformat()
    proposal = propose_row(found, today)
    if old is None:
        text = render_template(make_template(found, today))
        return Draft(text, prove_template(text, found.id), None, (), proposal, found.renamed_to)
    before = json.loads(old.text, parse_float=Decimal)
    if before["id"] != found.id:  # one version takes over what is known of the model
        before["id"] = found.id
        before.pop("aliases", None)
    after = refresh_template(before, found, today)
    text = render_template(after)
    changes = tuple(list_changes(old.model, found))
    model = prove_template(text, found.id)
    return Draft(text, model, old.model, changes, proposal, found.renamed_to)


def _show(draft: Draft, target: Path, console: Console) -> None:
    model = draft.model
    if draft.old is None:
        params = len(model.required_params) + len(model.optional_params)
        console.say(
            f"{model.id}: new, {model.category}, makes {model.output_type}, {params} params"
        )
    elif not draft.changes:
        console.say(f"{model.id}: as {_name(draft.old.path, target)} says")
    for change in draft.changes:
        console.say(f"{SIGNS.get(change.kind, '~')} {change}", style="yellow")
    price = price_example(model)
    console.say(f"price of its example: {format_estimate(price.low, price.high)}")
    if price.reason:
        console.say(f"  {price.reason}")
    if model.output_type is OutputType.FILE and draft.old is None:
        console.say(UNSURE, style="yellow")
    if draft.renamed_to:
        told = f"its provider calls it {draft.renamed_to} now"
        console.say(f"{told}: `vidi models pull {draft.renamed_to}`", style="yellow")
    if draft.wants_price:
        _show_proposal(draft, console)


def _show_proposal(draft: Draft, console: Console) -> None:
    """What a person may do about the price, once the page has been read."""
    proposal = draft.proposal
    rows = draft.model.pricing["rows"]
    head = "unpriced" if not rows or "unpriced" in rows[-1] else "price"
    console.say(f"{head}: add one with `{proposal.command}`", style="yellow")
    if proposal.row is not None:
        row = render_json(proposal.row).strip()
        console.say(f"proposed row, of the base price alone: {' '.join(row.split())}")
    if proposal.doubt:
        console.say(f"  but {proposal.doubt}: read {draft.model.page}")


def _name(path: Path, target: Path) -> str:
    return (
        target.as_posix() if path.resolve() == target.resolve() else "the template that vidi ships"
    )


def _as_json(draft: Draft, target: Path, *, written: bool) -> dict[str, object]:
    code = 0 if written else 1
    return {
        "schema_version": 1,
        "command": "models pull",
        "ok": written,
        "exit_code": code,
        "id": draft.model.id,
        "path": target.as_posix(),
        "new": draft.old is None,
        "written": written,
        "changes": [
            {"kind": each.kind, "param": each.name or None, "message": each.message}
            for each in draft.changes
        ],
        "example_estimate_usd": price_example(draft.model).to_json(),
        "proposal": _proposal_as_json(draft) if draft.wants_price else None,
    }


def _proposal_as_json(draft: Draft) -> dict[str, object]:
    proposal = draft.proposal
    return {"command": proposal.command, "row": proposal.row, "doubt": proposal.doubt or None}
