"""`vidi costs --audit`: the ledger beside what fal says that it has billed, by model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.errors import CredentialsError
from vidi.inference.settings import ADMIN_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vidi.cli.display.console import Console
    from vidi.inference.tracking.ledger.reading import Costs, Span

NEEDED = (
    f"It takes a key with the ADMIN scope: make one at https://fal.ai/dashboard/keys and set "
    f"{ADMIN_KEY}, or FAL_KEY, to it in the environment or in .env."
)


@dataclass(frozen=True, slots=True)
class Audited:
    """One model, by the ledger and by its provider. Amounts are USD."""

    model: str
    booked: Decimal
    in_doubt: Decimal
    """What may still be billed, by the ledger."""
    billed: Decimal

    @property
    def difference(self) -> Decimal:
        """What was billed beyond what is booked; negative where it was less."""
        return self.billed - self.booked


def pick_days(span: Span) -> Span:
    """The days to compare: what was asked for, else this month up to today (UTC)."""
    from vidi.inference.tracking.ledger.reading import Span

    today = datetime.now(UTC).date()
    until = span.until or today
    return Span(span.since or until.replace(day=1), until)


def ask_fal(span: Span) -> dict[str, Decimal]:
    """What fal has billed in a span of days, in USD by model.

    Raises:
        CredentialsError: There is no key, or it may not read that; the hint says what it takes.
        VidiError: No answer that can be read came.
    """
    from vidi.inference.environment import read_environment
    from vidi.inference.providers.documents import DocumentReader
    from vidi.inference.settings import Settings
    from vidi.runs.execution.stopping import run_until_stopped

    environ = read_environment(Path(), None)
    admin = environ.get(ADMIN_KEY, "").strip()
    settings = Settings.from_environment({**environ, "FAL_KEY": admin} if admin else environ)
    reader = DocumentReader(settings)
    since, until = span.since or date.min, span.until or date.max

    async def ask() -> dict[str, Decimal]:
        try:
            return await reader.read_usage(since, until)
        finally:
            await reader.aclose()

    try:
        return {f"fal/{name}": usd for name, usd in run_until_stopped(ask()).items()}
    except CredentialsError as error:
        raise CredentialsError(
            f"fal.ai does not show its bills to this key: {error.message}", hint=NEEDED
        ) from error


def compare(costs: Sequence[Costs], billed: Mapping[str, Decimal]) -> list[Audited]:
    """Set the ledger's models beside fal's bills; models of either are all there."""
    known = {row.name: row for row in costs if row.name.startswith("fal/")}
    zero = Decimal(0)
    return [
        Audited(
            model,
            known[model].actual if model in known else zero,
            known[model].in_doubt if model in known else zero,
            billed.get(model, zero),
        )
        for model in sorted(known.keys() | billed.keys())
    ]


def print_audit(
    found: Sequence[Audited], span: Span, console: Console, *, json_wanted: bool
) -> None:
    """Print each model with what is booked, what was billed and the difference."""
    total = Audited(
        "total",
        sum((each.booked for each in found), Decimal(0)),
        sum((each.in_doubt for each in found), Decimal(0)),
        sum((each.billed for each in found), Decimal(0)),
    )
    if json_wanted:
        _print_json(found, total, span, console)
        return
    from vidi.cli.display.columns import align
    from vidi.dollars import format_usd

    console.say(f"{span.since} to {span.until} (UTC), fal.ai alone: Replicate shows no bills")
    table = [("model", "booked", "in doubt", "billed", "difference")]
    for each in [*found, total]:
        sign = "-" if each.difference < 0 else ""
        booked, in_doubt, billed = map(format_usd, (each.booked, each.in_doubt, each.billed))
        differs = f"{sign}{format_usd(abs(each.difference))}"
        table.append((each.model, booked, in_doubt, billed, differs))
    for line in align(table, right=frozenset({1, 2, 3, 4})):
        console.print_data(line)


def _print_json(found: Sequence[Audited], total: Audited, span: Span, console: Console) -> None:
    from vidi.runs.records.json_text import render_json

    answer = {
        "schema_version": 1,
        "since": str(span.since),
        "until": str(span.until),
        "models": {each.model: _describe(each) for each in found},
        "total": _describe(total),
    }
    console.print_data(render_json(answer).rstrip("\n"))


def _describe(each: Audited) -> dict[str, object]:
    return {
        "booked_usd": each.booked,
        "in_doubt_usd": each.in_doubt,
        "billed_usd": each.billed,
        "difference_usd": each.difference,
    }
