"""The steps of `vidi models refresh`: ask, compare, write down the result, write, tell."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.cli.display.console import Console
from vidi.cli.models.ask_providers import open_reader
from vidi.cli.models.refreshing.compare import Known, ModelRefresh, compare_all
from vidi.cli.models.refreshing.gather import Told, gather, updated_at
from vidi.cli.models.refreshing.progress import Progress
from vidi.cli.models.refreshing.summary import list_as_json, render_summary
from vidi.cli.models.template_writing import prove_template, write_template
from vidi.errors import StorageError, VidiError
from vidi.inference.models.about import ABOUT, read_about, shipped_templates
from vidi.inference.models.discovery.queue_api import read_sentence
from vidi.inference.models.discovery.template_text import render_template
from vidi.inference.models.registry import ModelRegistry
from vidi.json_values import as_list, as_object
from vidi.runs.execution.stopping import run_until_stopped
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Mapping, Sequence

    from vidi.inference.providers.documents import DocumentReader
    from vidi.json_values import Json

LISTING = "listing.json"
"""Beside the templates: what fal's list said of each when it was read last."""


@dataclass(frozen=True, slots=True)
class RefreshOptions:
    """What the command line of a refresh says."""

    provider: str | None
    add_new: bool
    out: Path
    rate: float
    json_wanted: bool
    sandbox: bool
    env_file: Path | None

    @property
    def providers(self) -> tuple[str, ...]:
        """Whom to ask."""
        return (self.provider,) if self.provider else ("fal", "replicate")


def refresh(options: RefreshOptions) -> int:
    """Bring the templates of a folder up to date.

    Raises:
        CredentialsError: A key is missing or refused.
        FolderLockedError: Another refresh writes to this folder.
        VidiError: A list of models could not be read.
    """
    console = Console(json_wanted=options.json_wanted)
    reader = open_reader(options.env_file, options.out, sandbox=options.sandbox)
    asked = json.dumps([options.providers, options.add_new, *sorted(reader.settings.urls.items())])
    progress = Progress(options.out, asked)
    with contextlib.closing(progress):
        result = progress.read_result()
        if result is None:
            result = _find(options, progress, reader)
            progress.save_result(result)
        _apply(as_object(dict(result)["files"]), options.out)
        _print(result, console)
        progress.end()
    return int(str(result["exit_code"]))


def _find(
    options: RefreshOptions, progress: Progress, reader: DocumentReader
) -> Mapping[str, object]:
    """Everything that is to be written and said, before any of it is."""
    known = _read_known(options)
    ids = frozenset(name for each in known for name in (each.model.id, *each.model.aliases))
    listing = _read_listing(options.out)
    reader.kept = progress
    reader.per_second = 0 if reader.settings.loopback_allowed or options.sandbox else options.rate
    schemas_of = dict(_pick(listing, "updated_at"))
    models = [each.model for each in known]
    work = gather(reader, models, ids, schemas_of, options.providers)
    told = run_until_stopped(_ask(reader, work))
    sentences = dict(_pick(listing, "sentence"))
    changes = [
        _proved(each, add_new=options.add_new)
        for each in compare_all(known, told, sentences, progress.today)
    ]
    files = dict(_render(changes))
    files |= _render_about(options.out, files, progress.today)
    files |= _render_listing(listing, told, changes, ids)
    return _result(changes, told, files, progress.today)


def _pick(listing: Mapping[str, Json], key: str) -> Iterator[tuple[str, str]]:
    for name, each in listing.items():
        if text := as_object(each).get(key):
            yield name, str(text)


async def _ask(reader: DocumentReader, work: Awaitable[Told]) -> Told:
    try:
        return await work
    finally:
        await reader.aclose()


def _read_known(options: RefreshOptions) -> list[Known]:
    """Every template of the providers that are asked, the folder's own before the shipped."""
    registry = ModelRegistry([options.out, Path("templates")])
    own = options.out.resolve()
    return [
        Known(model, registry.text_of(model), own=own in model.path.resolve().parents)
        for model in registry.list_models()
        if model.provider in options.providers
    ]


def _read_listing(out: Path) -> Mapping[str, Json]:
    """What fal's list said last: beside the templates that are written, else beside the shipped."""
    for folder in (out, Path("templates"), shipped_templates()):
        with contextlib.suppress(OSError, ValueError):
            return as_object(json.loads((folder / LISTING).read_text(encoding="utf-8")))
    return {}


def _proved(change: ModelRefresh, *, add_new: bool) -> ModelRefresh:
    """A change whose templates hold; without them where one would be broken, or is not wanted."""
    if change.kind == "new" and not add_new:
        return replace(change, drafts={})
    for draft in change.drafts.values():
        if draft is not None:
            try:
                prove_template(render_template(draft), str(draft["id"]))
            except VidiError as error:
                return ModelRefresh(change.id, "unread", note=error.message)
    return change


def _render(changes: Sequence[ModelRefresh]) -> Iterator[tuple[str, str | None]]:
    for change in changes:
        for name, draft in change.drafts.items():
            yield name, None if draft is None else render_template(draft)


def _list_arrivals(changes: Sequence[ModelRefresh]) -> set[str]:
    """The ids that are new, or that a model goes by now."""
    new = {each.id for each in changes if each.kind == "new" and each.drafts}
    return new | {each.note.partition(" ")[0] for each in changes if each.kind == "renamed"}


def _render_listing(
    listing: Mapping[str, Json], told: Told, changes: Sequence[ModelRefresh], known: frozenset[str]
) -> dict[str, str | None]:
    """The list as it is now, of the models that have a template and were read."""
    if not told.listed:
        return {}
    unread = {each.id for each in changes if each.kind == "unread"}
    wanted = known | _list_arrivals(changes)
    now: dict[str, object] = {}
    for name, entry in sorted(told.listed.items()):
        if name in unread:
            now |= {name: listing[name]} if name in listing else {}
        elif name in wanted:
            sentence = read_sentence(entry)
            now[name] = {
                "updated_at": updated_at(entry), **({"sentence": sentence} if sentence else {})
            }  # fmt: skip
    if now == listing:
        return {}
    lines = (f"{json.dumps(name)}: {json.dumps(each)}" for name, each in now.items())
    return {LISTING: "{\n" + ",\n".join(lines) + "\n}\n"}


def _render_about(out: Path, files: Mapping[str, str | None], today: str) -> dict[str, str | None]:
    """The next version of a whole registry whose templates change; a project's own has none."""
    if not files or not (out / ABOUT).is_file():
        return {}
    about = {"version": read_about(out).version + 1, "date": today}
    return {ABOUT: json.dumps(about) + "\n"}


def _result(
    changes: Sequence[ModelRefresh], told: Told, files: Mapping[str, str | None], today: str
) -> dict[str, object]:
    unread = [*told.unread, *(each.id for each in changes if each.kind == "unread")]
    code = 1 if unread else 0
    answer = {
        "schema_version": 1,
        "command": "models refresh",
        "ok": code == 0,
        "exit_code": code,
        "date": today,
        "models": json.loads(render_json(list_as_json(changes))),
        "unread": unread,
        "files": sorted(files),
        "summary": render_summary(changes, told.unread, today),
    }
    return {"exit_code": code, "files": dict(files), "answer": answer}


def _apply(files: Mapping[str, Json], out: Path) -> None:
    """Write, or take away, every file; a second time it is the same."""
    for name, text in sorted(files.items()):
        if text is not None:
            write_template(out / name, str(text))
            continue
        try:
            (out / name).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"cannot remove {out / name}: {error.strerror}") from error


def _print(result: Mapping[str, object], console: Console) -> None:
    answer = as_object(result["answer"])
    if console.json_wanted:
        console.print_data(render_json(answer).rstrip("\n"))
    else:
        console.print_data(str(answer["summary"]).rstrip("\n"))
    count = len(as_list(answer["files"]))
    console.say(f"{count} file{'' if count == 1 else 's'} written")
