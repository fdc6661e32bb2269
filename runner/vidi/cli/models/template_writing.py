"""Templates that are about to be files: where they go, proof that they hold, the writing itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from vidi.cli.models.checking.template_files import check_template
from vidi.errors import StorageError, UsageError
from vidi.inference.models.discovery.discovery import DocumentError
from vidi.inference.models.ids import FORMS, file_name
from vidi.inference.models.loading import load_template
from vidi.inference.models.registry import ModelRegistry
from vidi.runs.records.atomic import replace_text

if TYPE_CHECKING:
    from vidi.cli.display.console import Console
    from vidi.inference.models.template import ModelInfo

UNTIDY = 10_000
"""Days: a template just made has no stale price."""
HINT = "Make the folder writable, or name another with --templates."


class Old(NamedTuple):
    """A template that was there before."""

    model: ModelInfo
    text: str


def locate_template(model_id: str, templates: Path) -> Path:
    """Where the template of a model is written.

    Raises:
        UsageError: No model can have this id.
    """
    name = file_name(model_id)
    if name is None:
        raise UsageError(f"'{model_id}' is no model id", hint=f"Write {FORMS}.")
    return templates / name


def read_old(model_id: str, templates: Path) -> Old:
    """The template that a new one begins with: the user's own, else the one that vidi ships.

    Raises:
        UsageError: The model is not known, its file is another model's, or is broken.
    """
    target = locate_template(model_id, templates)
    if target.is_file() and (other := load_template(target).id) != model_id:
        raise UsageError(
            f"{target.as_posix()} is the template of {other}",
            hint="Two ids share this file name: write the new one to another --templates.",
        )
    registry = ModelRegistry([templates, Path("templates")])
    model = registry.get_template(model_id)
    if model.id != model_id:
        raise UsageError(f"{model_id} is called {model.id} now", hint=f"Write {model.id}.")
    return Old(model, registry.text_of(model))


def prove_template(text: str, model_id: str) -> ModelInfo:
    """Read a template as a user's file would be, before it is one.

    Raises:
        DocumentError: It would be broken.
    """
    path = Path("the template") / str(file_name(model_id))
    verdict = check_template(text, path, UNTIDY)
    if verdict.model is None or verdict.mistakes:
        told = "; ".join(verdict.mistakes).replace(str(path), "the template")
        raise DocumentError(
            f"this makes no template of {model_id}: {told}",
            hint="Write the template by hand, as docs/add-a-model.md shows.",
        )
    return verdict.model


def write_template(target: Path, text: str) -> None:
    """Put a template in its place, whole.

    Raises:
        StorageError: The folder takes no file.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_text(target, text)
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error.strerror}", hint=HINT) from error
    except StorageError as error:
        raise StorageError(error.message, hint=HINT) from error


def write_if_wanted(target: Path, text: str, console: Console, *, yes: bool) -> bool:
    """Ask a person who is there, then write; returns whether it was written.

    Raises:
        StorageError: The folder takes no file.
    """
    asks = console.interactive and not yes and not console.json_wanted
    question = f"{'Refresh' if target.is_file() else 'Write'} {target.as_posix()}?"
    written = not asks or click.confirm(question, default=True, err=True)
    if written:
        write_template(target, text)
    console.say(f"wrote {target.as_posix()}" if written else "nothing written")
    return written
