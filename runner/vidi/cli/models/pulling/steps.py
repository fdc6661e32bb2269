"""The steps of `vidi models pull`: ask, compare, show, write."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from vidi.cli.display.console import Console
from vidi.cli.models.ask_providers import ask_providers
from vidi.cli.models.checking.template_files import check_template
from vidi.cli.models.page import price_example
from vidi.errors import StorageError, UsageError, VidiError
from vidi.inference.models.discovery.base_price import propose_row
from vidi.inference.models.discovery.discovery import DocumentError
from vidi.inference.models.discovery.template import (
    list_changes,
    make_template,
    refresh_template,
)
from vidi.inference.models.discovery.template_text import render_template
from vidi.inference.models.ids import FORMS, file_name
from vidi.inference.models.loading import load_template
from vidi.inference.models.registry import ModelRegistry, OfficialVersionError, UnknownModelError
from vidi.inference.models.template import OutputType
from vidi.runs.records.atomic import replace_text
from vidi.runs.records.figures import format_estimate
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from vidi.inference.models.discovery.base_price import Proposal
    from vidi.inference.models.discovery.difference import Change
    from vidi.inference.models.discovery.discovery import Discovery
    from vidi.inference.models.template import ModelInfo

SIGNS = {"added": "+", "removed": "-"}
UNSURE = (
    "could not tell what it makes: any file will do, and none is looked into; "
    "set `output_type` in the template where you know"
)
UNTIDY = 10_000
"""Days: a template just made has no stale price."""


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

    @property
    def wants_price(self) -> bool:
        """Whether nobody has written a price for it yet, or the provider's own has changed."""
        rows = self.model.pricing["rows"]
        unpriced = not rows or "unpriced" in rows[-1]
        return unpriced or any(change.kind == "billing" for change in self.changes)


class Old(NamedTuple):
    """A template that was there before."""

    model: ModelInfo
    text: str


def pull(model_id: str, options: PullOptions) -> int:
    """Make or refresh one template.

    Raises:
        UsageError: The id is none, or another model's template has the file.
        VidiError: The provider could not be asked, or says what makes no template.
    """
    console = Console(json_wanted=options.json_wanted)
    target = _target_of(model_id, options.templates)
    old = _find_old(model_id, target, options.templates)
    answer = ask_providers(
        [model_id], sandbox=options.sandbox, env_file=options.env_file, templates=options.templates
    )[model_id]
    if isinstance(answer, VidiError):
        raise answer
    draft = _draft(old, answer)
    _show(draft, target, console)
    written = _is_wanted(draft, target, options, console)
    if written:
        _write(target, draft.text)
        console.say(f"wrote {target.as_posix()}")
    else:
        console.say("nothing written")
    if options.json_wanted:
        console.print_data(render_json(_as_json(draft, target, written=written)).rstrip("\n"))
    elif written:
        console.print_data(target.as_posix())
    return 0 if written else 1


def _target_of(model_id: str, templates: Path) -> Path:
    name = file_name(model_id)
    if name is None:
        raise UsageError(f"'{model_id}' is no model id", hint=f"Write {FORMS}.")
    return templates / name


def _find_old(model_id: str, target: Path, templates: Path) -> Old | None:
    """The template that a refresh begins with: of the model, or of another version of it.

    Raises:
        UsageError: The file belongs to another model, or is broken.
    """
    if target.is_file() and (other := load_template(target).id) != model_id:
        raise UsageError(
            f"{target.as_posix()} is the template of {other}",
            hint="Two ids share this file name: write the new one to another --templates.",
        )
    registry = ModelRegistry([templates, Path("templates")])
    try:
        model = registry.get_template(model_id)
    except (OfficialVersionError, UnknownModelError):
        return None
    if model.id != model_id:
        raise UsageError(
            f"{model_id} is called {model.id} now", hint=f"Use `vidi models pull {model.id}`."
        )
    return Old(model, registry.text_of(model))


def _draft(old: Old | None, found: Discovery) -> Draft:
    today = datetime.now(UTC).date().isoformat()
    proposal = propose_row(found, today)
    if old is None:
        text = render_template(make_template(found, today))
        return Draft(text, _prove(text, found), None, (), proposal)
    before = json.loads(old.text, parse_float=Decimal)
    if before["id"] != found.id:  # one version takes over what is known of the model
        before["id"] = found.id
        before.pop("aliases", None)
    after = refresh_template(before, found, today)
    text = render_template(after)
    changes = tuple(list_changes(old.model, found))
    return Draft(text, _prove(text, found), old.model, changes, proposal)


def _prove(text: str, found: Discovery) -> ModelInfo:
    """Read a template as a user's file would be, before it is one.

    Raises:
        DocumentError: It would be broken.
    """
    with tempfile.TemporaryDirectory(prefix="vidi-") as folder:
        path = Path(folder) / str(file_name(found.id))
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        verdict = check_template(path, UNTIDY)
    if verdict.model is None or verdict.mistakes:
        told = "; ".join(verdict.mistakes).replace(str(path), "the template")
        raise DocumentError(
            f"what the provider says of {found.id} makes no template: {told}",
            hint="Write the template by hand, as docs/add-a-model.md shows.",
        )
    return verdict.model


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


def _is_wanted(draft: Draft, target: Path, options: PullOptions, console: Console) -> bool:
    if options.yes or options.json_wanted or not console.interactive:
        return True
    deed = "Refresh" if draft.old is not None and target.is_file() else "Write"
    return click.confirm(f"{deed} {target.as_posix()}?", default=True, err=True)


def _write(target: Path, text: str) -> None:
    hint = "Make the folder writable, or name another with --templates."
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_text(target, text)
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error.strerror}", hint=hint) from error
    except StorageError as error:
        raise StorageError(error.message, hint=hint) from error


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
