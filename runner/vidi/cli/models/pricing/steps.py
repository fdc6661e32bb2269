"""The steps of `vidi models price`: read, append, prove, show before and after, write."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.cli.display.console import Console
from vidi.cli.display.tables import describe_lines
from vidi.cli.models.template_writing import (
    locate_template,
    prove_template,
    read_old,
    write_if_wanted,
)
from vidi.errors import UsageError
from vidi.inference.models.discovery.price_reading import (
    PriceReading,
    make_row,
    read_condition,
    read_unit,
    sells_otherwise,
)
from vidi.inference.models.discovery.template_text import render_template
from vidi.inference.models.params.schema import check_params
from vidi.inference.models.prices.pricing import estimate
from vidi.inference.models.prices.rows import row_in_force
from vidi.runs.records.figures import format_estimate
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vidi.inference.models.price_rules import PriceRow
    from vidi.inference.models.prices.estimate import Estimate
    from vidi.inference.models.template import ModelInfo


@dataclass(frozen=True, slots=True)
class PriceOptions:
    """What the command line says of a price."""

    unit: str
    usd: Decimal
    when: tuple[str, ...]
    source: str
    witness: str
    since: object
    """A datetime as click reads it; None for today."""
    label: str
    templates: Path
    yes: bool
    json_wanted: bool


@dataclass(frozen=True, slots=True)
class Priced:
    """A template with one more row, and what its example costs without and with it."""

    model: ModelInfo
    row: PriceRow
    text: str
    example: Mapping[str, object]
    before: Estimate
    after: Estimate
    gives_up: bool
    """Whether the row before charges by other units, which hold no longer."""


def append_price(model_id: str, options: PriceOptions) -> int:
    """Append one row to one template.

    Raises:
        UsageError: The model, the unit, a condition or a date is wrong.
        DocumentError: The row would make the template wrong.
    """
    console = Console(json_wanted=options.json_wanted)
    target = locate_template(model_id, options.templates)
    old = read_old(model_id, options.templates)
    priced = _append(old.model, old.text, options)
    _show(priced, console)
    written = write_if_wanted(target, priced.text, console, yes=options.yes)
    code = 0 if written else 1
    if options.json_wanted:
        console.print_data(render_json(_as_json(priced, target, code)).rstrip("\n"))
    elif written:
        console.print_data(target.as_posix())
    return code


def _append(model: ModelInfo, text: str, options: PriceOptions) -> Priced:
    today = datetime.now(UTC).date()
    since = options.since.date() if isinstance(options.since, datetime) else today
    reading = PriceReading(
        unit=read_unit(options.unit),
        usd=options.usd,
        when=read_condition(options.when, model),
        source=options.source,
        since=since.isoformat(),
        today=today.isoformat(),
        label=options.label,
        witness=options.witness,
    )
    before = _row_before(model, since)
    row = make_row(model, before, reading)
    template = json.loads(text, parse_float=Decimal)
    rows = [*template["pricing"]["rows"], row]
    template["pricing"] = {**template["pricing"], "rows": rows}
    template["as_of"] = {**template["as_of"], "pricing": reading.today}
    template["confidence"] = {**template["confidence"], "pricing": row["confidence"]}
    new_text = render_template(template)
    renewed = prove_template(new_text, model.id)
    example = _example(model, reading)
    return Priced(
        model=renewed,
        row=row,
        text=new_text,
        example=example,
        before=_price(model, example, since),
        after=_price(renewed, example, since),
        gives_up=sells_otherwise(before, reading),
    )


def _row_before(model: ModelInfo, since: date) -> PriceRow | None:
    """The row that the new one follows.

    Raises:
        UsageError: The new one would begin before the last, which would then go on holding.
    """
    rows = model.pricing["rows"]
    if rows and since.isoformat() < rows[-1]["from"]:
        raise UsageError(
            f"the last price of {model.id} holds from {rows[-1]['from']}, after {since}",
            hint="Rows stand in the order of their dates: give a later --from.",
        )
    row = row_in_force(model.pricing, since)
    return (rows[-1] if rows else None) if isinstance(row, str) else row


def _example(model: ModelInfo, reading: PriceReading) -> Mapping[str, object]:
    """The template's example with what the price is for, where that is an input that it takes."""
    wanted = {
        name: test[0] if isinstance(test, list) else test
        for name, test in reading.when.items()
        if name in model.params["properties"]
        and test not in (None, "present")
        and not isinstance(test, dict)
    }
    example = {**model.example, **wanted}
    checked = check_params(model, example, base=None)
    return model.example if checked.errors else example


def _price(model: ModelInfo, example: Mapping[str, object], on: date) -> Estimate:
    return estimate(model, check_params(model, example, base=None), on=on)


def _show(priced: Priced, console: Console) -> None:
    row = " ".join(render_json(priced.row).split())
    example = json.dumps(priced.example, ensure_ascii=False, default=str)
    console.say(f"{priced.model.id}: one more row: {row}")
    if priced.gives_up:
        told = "the row before charges by other units; they hold no longer"
        console.say(f"warning: {told}", style="yellow")
    console.say(f"example {example}")
    for name, price in (("before", priced.before), ("after", priced.after)):
        work = describe_lines(price)
        shown = format_estimate(price.low, price.high)
        told = f"  = {work}" if work else f"  ({price.reason})" if price.reason else ""
        console.say(f"  {name:<6} {shown}{told}")


def _as_json(priced: Priced, target: Path, code: int) -> dict[str, object]:
    return {
        "schema_version": 1,
        "command": "models price",
        "ok": code == 0,
        "exit_code": code,
        "id": priced.model.id,
        "path": target.as_posix(),
        "written": code == 0,
        "row": priced.row,
        "example": priced.example,
        "before_usd": priced.before.to_json(),
        "after_usd": priced.after.to_json(),
    }
