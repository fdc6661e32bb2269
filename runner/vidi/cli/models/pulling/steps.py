"""The steps of `vidi models pull`: ask, compare, show, write."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidi.cli.display.console import Console
from vidi.cli.models.ask_providers import ask_providers
from vidi.cli.models.checking.template_files import check_template
from vidi.cli.models.page import price_example
from vidi.errors import StorageError, UsageError, VidiError
from vidi.inference.models.discovery.discovery import DocumentError
from vidi.inference.models.discovery.template import (
    list_changes,
    make_template,
    refresh_template,
)
from vidi.inference.models.discovery.template_text import render_template
from vidi.inference.models.loading import file_name, load_template
from vidi.inference.models.registry import ModelRegistry, UnknownModelError
from vidi.runs.records.atomic import replace_text
from vidi.runs.records.figures import format_estimate
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from vidi.inference.models.discovery.difference import Change
    from vidi.inference.models.discovery.discovery import Discovery
    from vidi.inference.models.template import ModelInfo

SIGNS = {"added": "+", "removed": "-"}
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
        raise UsageError(
            f"'{model_id}' is no model id", hint="Write replicate/OWNER/NAME or fal/ENDPOINT."
        )
    return templates / name


def _find_old(model_id: str, target: Path, templates: Path) -> ModelInfo | None:
    """The template that a refresh begins with.

    Raises:
        UsageError: The file belongs to another model, or is broken.
    """
    if target.is_file() and (other := load_template(target).id) != model_id:
        raise UsageError(
            f"{target.as_posix()} is the template of {other}",
            hint="Two ids share this file name: write the new one to another --templates.",
        )
    try:
        return ModelRegistry([templates, Path("templates")]).get_template(model_id)
    except UnknownModelError:
        return None


def _draft(old: ModelInfo | None, found: Discovery) -> Draft:
    today = datetime.now(UTC).date().isoformat()
    if old is None:
        text = render_template(make_template(found, today))
        return Draft(text, _prove(text, found), None, ())
    before = json.loads(old.path.read_text(encoding="utf-8"), parse_float=Decimal)
    rates = [line.rate for line in price_example(old).lines]
    after = refresh_template(before, found, today, rates)
    text = render_template(after)
    return Draft(text, _prove(text, found), old, tuple(list_changes(before, after, found)))


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
    }
