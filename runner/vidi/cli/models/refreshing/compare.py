"""The templates that are there against what the providers said: what becomes of each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from vidi.errors import VidiError
from vidi.inference.models.discovery.base_price import Proposal, propose_row
from vidi.inference.models.discovery.difference import Change, compare_params
from vidi.inference.models.discovery.queue_api import read_retirement, read_sentence
from vidi.inference.models.discovery.template import (
    list_changes,
    list_listing_changes,
    make_template,
    refresh_listing,
    refresh_template,
)
from vidi.inference.models.ids import file_name
from vidi.inference.providers.asking import NoSuchModelError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from vidi.cli.models.refreshing.gather import Told
    from vidi.inference.models.discovery.discovery import Discovery
    from vidi.inference.models.template import ModelInfo, TemplateFile

Kind = Literal["new", "changed", "renamed", "retired", "unlisted", "unread"]
Draft = dict[str, object]


@dataclass(frozen=True, slots=True)
class Known:
    """A template that is there."""

    model: ModelInfo
    text: str
    own: bool
    """Whether it is in the folder that is written to, so that it may be taken away there."""

    @property
    def template(self) -> TemplateFile:
        """As its file holds it."""
        template: TemplateFile = json.loads(self.text, parse_float=Decimal)
        return template


@dataclass(frozen=True, slots=True)
class ModelRefresh:
    """What becomes of one model."""

    id: str
    kind: Kind
    changes: tuple[Change, ...] = ()
    note: str = ""
    drafts: Mapping[str, Draft | None] = field(default_factory=dict)
    """The templates to write by their file; None for one to take away."""
    proposal: Proposal | None = None
    """What a person is asked to do about its price."""
    old_row: Mapping[str, object] | None = None
    """The price row that holds now."""
    sentence: str = ""
    """The price in the provider's own words, where it has any."""


def compare_all(
    known: Iterable[Known], told: Told, sentences: Mapping[str, str], today: str
) -> list[ModelRefresh]:
    """What becomes of every model that something becomes of, sorted by id.

    Args:
        known: The templates that are there.
        told: What the providers said.
        sentences: The price in fal's words that was read last, by id.
        today: The day that the refresh was begun.
    """
    templates = {each.model.id: each for each in known}
    aliases = {alias for each in templates.values() for alias in each.model.aliases}
    new = {
        name: found
        for name, found in told.found.items()
        if name not in templates and name not in aliases
    }
    renamed = dict(_find_renamed(templates, new, told))
    changes = [_rename(templates[old], new.pop(to), today) for old, to in renamed.items()]
    changes += [_add(name, found, told, today) for name, found in new.items()]
    for each in templates.values():
        if each.model.id not in renamed:
            changes += _compare(each, told, sentences, today, templates.keys())
    return sorted(changes, key=lambda change: change.id)


def _find_renamed(
    templates: Mapping[str, Known], new: Mapping[str, Discovery | VidiError], told: Told
) -> Iterator[tuple[str, str]]:
    """Models that go by another id now: their provider says so, or everything else is equal.

    fal tells of no renaming. A model that left its list is taken for the one new endpoint that has
    the same title and the very same params.
    """
    fresh = {name: found for name, found in new.items() if not isinstance(found, VidiError)}
    for name, known in templates.items():
        found = told.found.get(name)
        left = name.startswith("fal/") and name not in told.listed
        says = _read_new_id(found)
        if known.model.retired or found is None or not (left or says):
            continue
        to = says if says in fresh else _find_twin(known.model, fresh) if left else ""
        if to:
            del fresh[to]
            yield name, to


def _read_new_id(found: Discovery | VidiError | None) -> str:
    return "" if found is None or isinstance(found, VidiError) else found.renamed_to


def _find_twin(model: ModelInfo, fresh: Mapping[str, Discovery]) -> str:
    """The one new model that is its like; "" where there is none, or more than one."""
    twins = [name for name, found in fresh.items() if _is_twin(model, found)]
    return twins[0] if len(twins) == 1 else ""


def _is_twin(model: ModelInfo, found: Discovery) -> bool:
    return model.title == found.title and not compare_params(model.params, found.params)


def _rename(known: Known, found: Discovery | VidiError, today: str) -> ModelRefresh:
    """The same template under the new id, which the old one leads to."""
    assert not isinstance(found, VidiError)  # noqa: S101  only what was read is a new name
    old, template = known.model, known.template
    before = {**template, "id": found.id, "page": found.page}
    before["aliases"] = [*template.get("aliases", []), old.id]
    drafts: dict[str, Draft | None] = {
        _file(found.id): refresh_template(before, found, today)  # type: ignore[arg-type]  # a copy with more keys
    }
    told = f"{found.id} since {today}"
    past = {**template, "retired": f"renamed to {told}", "replaced_by": [found.id]}
    # A template that cannot be taken away would go on answering to the old id.
    drafts[_file(old.id)] = None if known.own else past
    return ModelRefresh(old.id, "renamed", tuple(list_changes(old, found)), told, drafts)


def _add(name: str, found: Discovery | VidiError, told: Told, today: str) -> ModelRefresh:
    """A new model, unpriced, with its base price."""
    if isinstance(found, VidiError):
        return ModelRefresh(name, "unread", note=found.message)
    sentence = read_sentence(told.listed.get(name))
    drafts = {_file(name): make_template(found, today)}
    note = f"{found.category}, makes {found.output_type}"
    proposal = propose_row(found, today)
    return ModelRefresh(name, "new", (), note, drafts, proposal, sentence=sentence)


def _compare(
    known: Known, told: Told, sentences: Mapping[str, str], today: str, others: Container[str]
) -> Iterator[ModelRefresh]:
    model = known.model
    entry, found = told.listed.get(model.id), told.found.get(model.id)
    if model.id not in told.listed and model.id not in told.found:
        return  # of a provider that was not asked, or retired and not asked for
    if isinstance(found, NoSuchModelError):
        if not model.retired:
            yield _retire(known, f"{found.message.partition(':')[0]} since {today}")
        return
    if isinstance(found, VidiError):
        yield ModelRefresh(model.id, "unread", note=found.message)
        return
    to = found.renamed_to if found is not None and entry is None else ""
    if to in others and not model.retired:
        yield _retire(known, f"renamed to {to} since {today}", to)
        return
    if model.provider == "fal" and entry is None:
        yield ModelRefresh(model.id, "unlisted", note="left fal's list, and still shows a schema")
    yield from _compare_told(known, found, told, sentences, today)


def _compare_told(
    known: Known,
    found: Discovery | None,
    told: Told,
    sentences: Mapping[str, str],
    today: str,
) -> Iterator[ModelRefresh]:
    """What its provider tells of a model now, against its template and the last sentence."""
    model, entry = known.model, told.listed.get(known.model.id)
    price, sentence = told.prices.get(model.id), read_sentence(entry)
    if found is not None:
        changes = list_changes(model, found)
        draft = refresh_template(known.template, found, today)
    else:
        retired = read_retirement(entry)
        changes = list_listing_changes(model, retired, price)
        draft = refresh_listing(known.template, retired, price, today)
    is_said_new = bool(sentence) and sentence != sentences.get(model.id, sentence)
    if changes or is_said_new:
        yield _change(known, changes, draft if changes else {}, sentence, told, today)


def _change(
    known: Known,
    changes: list[Change],
    draft: Draft,
    sentence: str,
    told: Told,
    today: str,
) -> ModelRefresh:
    """A template that is written anew, and what a person is asked about its price."""
    model = known.model
    repriced = any(change.kind == "billing" for change in changes)
    retired = next((change.message for change in changes if change.kind == "retired"), "")
    rows = model.pricing["rows"]
    wants_price = repriced or bool(sentence)
    return ModelRefresh(
        id=model.id,
        kind="retired" if retired else "changed",
        changes=tuple(changes),
        note=retired,
        drafts={_file(model.id): draft} if draft else {},
        proposal=_propose(model, told, today) if wants_price else None,
        old_row=dict(rows[-1]) if wants_price and rows else None,
        sentence=sentence,
    )


def _retire(known: Known, reason: str, to: str = "") -> ModelRefresh:
    model = known.model
    others = [to, *model.replaced_by] if to else list(model.replaced_by)
    draft: Draft = {**known.template, "retired": reason}
    draft |= {"replaced_by": others} if others else {}
    return ModelRefresh(model.id, "retired", (), reason, {_file(model.id): draft})


def _propose(model: ModelInfo, told: Told, today: str) -> Proposal:
    from vidi.inference.models.discovery.discovery import Discovery

    known = Discovery(
        id=model.id,
        title=model.title,
        category=model.category,
        output_type=model.output_type,
        output=model.output,
        params=model.params,
        example={},
        page=model.page,
        source="",
        price=told.prices.get(model.id),
    )
    return propose_row(known, today)


def _file(model_id: str) -> str:
    return str(file_name(model_id))
