"""The project's own settings: `[tool.vidi]` in pyproject.toml, and vidi.toml beside it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from vidi.errors import Place, UsageError
from vidi.file_kinds import check_setting, real_path
from vidi.inference.models.provider_names import is_provider, provider_names
from vidi.inference.models.suggest import did_you_mean
from vidi.inference.tracking.caps import Cap, lower_caps
from vidi.inference.tracking.notification import Notification, read_notification

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from vidi.inference.tracking.caps import Kind

CAPPED: tuple[Kind, ...] = ("day", "week", "month")
_KNOWN = (
    *(f"budget_{kind}" for kind in CAPPED),
    "limits",
    "mark",
    "max_image_mib",
    "max_price_age",
    "notify",
    "store",
    "verify",
)
_CHECKS = ("usual", "full")
_KNOWN_LIMITS = ("concurrency", "creates_per_minute")


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """The caps and limits that hold in a project."""

    caps: tuple[Cap, ...]
    limits: Mapping[str, Mapping[str, int]]
    """Provider to `concurrency` and `creates_per_minute`; what is not there is as documented."""
    store: str | None = None
    """Where bought assets are shared: a folder or the address of object storage."""
    max_price_age: int | None = None
    """Days since somebody looked at a price, after which it is refused; None for no limit."""
    mark: bool = False
    """Whether files are to say that a model made them, where a job says nothing of it."""
    max_image_mib: int | None = None
    """How large an image may be, in MiB; None for the usual bound."""
    full_checks: bool = False
    """Whether every frame of an asset is decoded, whatever memory and time that takes."""
    notify: Notification | None = None
    """Who is told how a run ended; None for nobody."""


def read_project(project: Path, environ: Mapping[str, str]) -> ProjectSettings:
    """Read the caps of the environment and both files, the lowest of each, and the limits.

    Raises:
        UsageError: A file or a setting cannot be read.
    """
    tables = list(_read_tables(project))
    caps = [_caps_of(table, name, "budget_{}") for name, table in tables]
    named = {f"VIDI_BUDGET_{kind.upper()}": kind for kind in CAPPED}
    given = {name: text for name in named if (text := environ.get(name, "").strip())}
    caps.append({named[name]: _read_cap(named[name], text, name) for name, text in given.items()})
    limits: dict[str, dict[str, int]] = {}
    for name, table in tables:
        for provider, values in _limits_of(table, name).items():
            limits.setdefault(provider, {}).update(values)
    ages = [_read_age(table["max_price_age"], name) for name, table in tables
            if "max_price_age" in table]  # fmt: skip
    stores = [_read_store(table["store"], name) for name, table in tables if "store" in table]
    images = [_read_mib(table["max_image_mib"], name) for name, table in tables
              if "max_image_mib" in table]  # fmt: skip
    checks = [_read_checks(table["verify"], name) for name, table in tables if "verify" in table]
    marks = [_read_mark(table["mark"], name) for name, table in tables if "mark" in table]
    return ProjectSettings(
        lower_caps(*caps),
        limits,
        max_price_age=min(ages, default=None),
        store=next(reversed(stores), None),
        mark=next(reversed(marks), False),
        max_image_mib=next(reversed(images), None),
        full_checks=any(checks),
        notify=read_notification(tables, environ),
    )


def _read_tables(project: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    for name, within in (("pyproject.toml", ("tool", "vidi")), ("vidi.toml", ())):
        path = project / name
        check_setting(path)  # it may hold a cap: it is not passed over
        if not path.is_file():
            continue
        if not real_path(path).is_relative_to(real_path(project)):
            raise UsageError(
                f"{name} is a link that leads out of the project",
                hint="Copy the file there.",
                place=Place(str(path)),
            )
        table: object = _parse(path)
        for key in within:
            table = table.get(key, {}) if isinstance(table, dict) else {}
        where = f"{name} [tool.vidi]" if within else name
        if not isinstance(table, dict):
            raise UsageError(f"{where} must be a table", place=Place(str(path)))
        for key in table:
            if key not in _KNOWN:
                raise _refuse_unknown(where, key, _KNOWN)
        yield where, table


def _parse(path: Path) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"this file cannot be read: {error}", hint="Mend its TOML.", place=Place(str(path))
        ) from error


def _caps_of(table: Mapping[str, object], where: str, pattern: str) -> dict[Kind, Cap]:
    return {
        kind: _read_cap(kind, table[name], f"{name} in {where}")
        for kind in CAPPED
        if (name := pattern.format(kind)) in table
    }


def _read_cap(kind: Kind, value: object, setting: str) -> Cap:
    try:
        usd = Decimal(str(value).removeprefix("$"))
    except InvalidOperation:
        usd = Decimal("NaN")
    if not usd.is_finite() or usd < 0 or isinstance(value, bool):
        raise UsageError(
            f"{setting} is '{value}', which is not an amount in USD", hint="Write it as 5.00."
        )
    return Cap(kind, usd, setting)


def _read_age(value: object, where: str) -> int:
    if type(value) is not int or value < 0:
        raise UsageError(
            f"max_price_age in {where} is '{value}', which is not a number of days",
            hint="Write it as 180, or leave it out for no limit.",
        )
    return value


def _read_mib(value: object, where: str) -> int:
    if type(value) is not int or value < 1:
        raise UsageError(
            f"max_image_mib in {where} is '{value}', which is not a number of MiB",
            hint="Write it as 1024, or leave it out for 512.",
        )
    return value


def _read_store(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UsageError(
            f"store in {where} is '{value}', which is not an address",
            hint='Write a folder or object storage: store = "s3://bucket/prefix".',
        )
    return value.strip()


def _read_mark(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"mark in {where} is '{value}'", hint="Write true or false.")
    return value


def _read_checks(value: object, where: str) -> bool:
    if value not in _CHECKS:
        raise UsageError(
            f"verify in {where} is '{value}'", hint=f"Write one of {', '.join(_CHECKS)}."
        )
    return value == "full"


def _limits_of(table: Mapping[str, object], where: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    limits = table.get("limits", {})
    if not isinstance(limits, dict):
        raise UsageError(
            f"limits in {where} must be a table", hint="Write limits.replicate.concurrency = 4."
        )
    for provider, values in limits.items():
        if not is_provider(provider):
            raise _refuse_unknown(f"limits in {where}", provider, provider_names())
        found[provider] = dict(_read_limits(values, f"limits.{provider} in {where}"))
    return found


def _read_limits(values: object, where: str) -> Iterator[tuple[str, int]]:
    if not isinstance(values, dict):
        raise UsageError(f"{where} must be a table", hint="Write {concurrency = 4} there.")
    for name, value in values.items():
        if name not in _KNOWN_LIMITS:
            raise _refuse_unknown(where, name, _KNOWN_LIMITS)
        if type(value) is not int or value < 1:
            raise UsageError(
                f"{name} of {where} is '{value}', which is not a whole number from 1",
                hint="Write it as 4, or leave it out for the default.",
            )
        yield name, value


def _refuse_unknown(where: str, name: str, known: tuple[str, ...]) -> UsageError:
    hint = did_you_mean(name, known) or f"Known: {', '.join(known)}."
    return UsageError(f"{where} has '{name}', which vidi does not know", hint=hint)
