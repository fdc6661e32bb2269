"""Template files, checked one by one as those are that a user drops in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from vidi.errors import VidiError
from vidi.inference.models.loading import read_template
from vidi.inference.models.params.schema import check_params
from vidi.inference.models.prices.pricing import estimate
from vidi.inference.models.prices.rows import row_in_force
from vidi.inference.models.prices.standing import price_standing, read_day

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vidi.inference.models.shipping.sources import TemplateText
    from vidi.inference.models.template import ModelInfo


CaveatKind = Literal["age", "confidence", "witness", "billing"]


class Caveat(NamedTuple):
    """Something to be known of a template that is right."""

    kind: CaveatKind
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of one template found."""

    name: str
    """The model's id; the file's path where the file is too broken to say."""
    model: ModelInfo | None
    mistakes: tuple[str, ...]
    warnings: tuple[Caveat, ...] = ()

    @property
    def is_low(self) -> bool:
        """Whether the template trusts its own facts little."""
        return self.model is not None and "low" in self.model.confidence.values()


def check_file(file: TemplateText, stale_days: int) -> Verdict:
    """Check one template where it is."""
    try:
        text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        return Verdict(file.path.as_posix(), None, (f"{file.path} cannot be read: {error}",))
    return check_template(text, file.path, stale_days)


def check_template(text: str, path: Path, stale_days: int, today: date | None = None) -> Verdict:
    """Check one template: its form, its example, its price, its dates.

    Args:
        text: The whole file.
        path: What messages call it; it ends as the id says.
        stale_days: A price that nobody has looked at for longer is warned of.
        today: UTC's unless given.
    """
    day = today or datetime.now(UTC).date()
    try:
        model = read_template(text, path)
    except VidiError as error:
        return Verdict(path.as_posix(), None, (error.message,))
    mistakes = (*_check_example(model), *_check_dates(model, day))
    return Verdict(model.id, model, mistakes, tuple(_warn(model, day, stale_days)))


def _check_example(model: ModelInfo) -> Iterator[str]:
    checked = check_params(model, model.example, base=None)
    for problem in checked.problems:
        if problem.severity == "error":
            yield f"example: {problem.message}"
    try:
        price = estimate(model, checked)
    except VidiError as error:
        yield f"price: {error.message}"
    else:
        if price.high is None and not price.reason:
            yield "price: unpriced without a reason"


def _check_dates(model: ModelInfo, today: date) -> Iterator[str]:
    tomorrow = today + timedelta(days=1)  # somewhere it is tomorrow already
    for name, text in model.as_of.items():
        yield from _check_date(f"as_of.{name}", text, tomorrow)
    last = ""
    for row in model.pricing["rows"]:
        where = f"price row of {row['from']}"
        yield from _check_date(where, row["from"], None)
        yield from _check_date(f"{where}, checked", row.get("checked"), tomorrow)
        if row.get("until", row["from"]) < row["from"]:
            yield f"{where}: it ends on {row['until']}, before it begins"
        if row["from"] < last:
            yield f"{where}: it stands after the row of {last}; the last one that began holds"
        last = row["from"]


def _check_date(where: str, text: str | None, latest: date | None) -> Iterator[str]:
    if text is None:
        return
    day = read_day(text)
    if day is None:
        yield f"{where}: there is no day {text}"
    elif latest is not None and day > latest:
        yield f"{where}: {text} is in the future"


def _warn(model: ModelInfo, today: date, stale_days: int) -> Iterator[Caveat]:
    row = row_in_force(model.pricing, today)
    if not isinstance(row, str) and "lines" in row:
        standing = price_standing(model, today)
        age = standing.age_days
        if age is not None and age > stale_days:
            told = f"price last checked on {standing.as_of}, {age} days ago: look at {model.page}"
            yield Caveat("age", told)
        if standing.low:
            yield Caveat("confidence", f"price of low confidence: look at {model.page}")
        if "witness" not in row:
            yield Caveat("witness", "price of one witness only: nobody else was seen to say so")
    if model.provider == "fal" and model.billing is None and not model.retired:
        yield Caveat("billing", "no base price in `billing`: fal's bill cannot be counted in it")
