"""What each key of a job file may hold: a value is read into its type, or a mistake is raised."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from keyword import iskeyword
from typing import TYPE_CHECKING, Literal, NamedTuple

from vidi.jobs.mistakes import MistakeError, describe, did_you_mean
from vidi.jobs.rendering.detect import has_template

MAX_CONCURRENCY = 256
MAX_ATTEMPTS = 10
MAX_ID = 200
MAX_MODEL = 500
MAX_PATH = 4096
MAX_USD = 1_000_000
MAX_DECIMALS = 30
VERSION = 1
ACCEPTED = frozenset({"moderated"})

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DURATION = re.compile(r"\s*(?:(\d+(?:\.\d+)?)\s*h)?\s*(?:(\d+(?:\.\d+)?)\s*m(?:in)?)?"
                       r"\s*(?:(\d+(?:\.\d+)?)\s*s)?\s*")  # fmt: skip
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LONGEST_DURATION = 40
"""Characters; the pattern takes long over endless spaces."""
RETRY_ON = ("transient", "failed")
"""What is attempted again: failures that the provider itself calls transient, or any."""
DEFAULT_ATTEMPTS = 3
_RETRY_HINT = "Write `retry: {attempts: 3}`, with `on: failed` for any failure."
_DURATION_HINT = "Write a number of seconds, or text such as 90s, 5m or 1h30m."


def _wrong(key: str, wanted: str, value: object, hint: str = "") -> MistakeError:
    return MistakeError(
        f"'{key}' must be {wanted}, not {describe(value)}", kind="wrong-type", hint=hint
    )


def read_text(key: str, value: object) -> str:
    """Text that is not empty and stands on one line."""
    if not isinstance(value, str):
        number = isinstance(value, (int, float))
        raise _wrong(key, "text", value, "Put quotes around it." if number else "")
    if not value.strip():
        raise MistakeError(f"'{key}' is empty")
    if not value.isprintable() and _CONTROL.search(value):
        raise MistakeError(f"'{key}' holds a line break or a control character")
    return value


def read_id(value: object) -> str:
    """An id: one line of at most 200 characters, in any script."""
    text = read_text("id", value)
    if len(text) > MAX_ID:
        raise MistakeError(f"'id' is {len(text)} characters long; at most {MAX_ID} are allowed")
    if text != text.strip():
        raise MistakeError(f"'id' begins or ends with a space: {text!r}")
    return text


def read_model(value: object) -> str:
    """A model's id, as far as it can be one."""
    text = read_text("model", value)
    if len(text) > MAX_MODEL:
        message = f"'model' is {len(text):,} characters long; no model has an id of so many"
        raise MistakeError(message)
    return text


def read_usd(key: str, value: object, written: str = "") -> Decimal:
    """An amount in USD, exactly as it is `written` where that is known."""
    if isinstance(value, str):
        return _usd_from_text(key, value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong(key, "an amount in USD", value, "Write a number such as 0.50.")
    if isinstance(value, float) and not math.isfinite(value):
        raise MistakeError(f"'{key}' must be a finite amount in USD, not {value}")
    return _in_bounds(key, _exact(value, written))


def _usd_from_text(key: str, value: str) -> Decimal:
    try:
        amount = Decimal(value.strip())
    except InvalidOperation:
        amount = Decimal("nan")
    if not amount.is_finite() or "_" in value:
        hint = "Write a number such as 0.50."
        raise _wrong(key, "an amount in USD", value, hint)
    return _in_bounds(key, amount)


def _exact(value: float, written: str) -> Decimal:
    if isinstance(value, int):
        return Decimal(value)
    try:
        return Decimal(written or repr(value))
    except InvalidOperation:
        return Decimal(repr(value))


def _in_bounds(key: str, amount: Decimal) -> Decimal:
    if amount < 0:
        raise MistakeError(f"'{key}' must not be negative: {amount}")
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -MAX_DECIMALS:
        raise MistakeError(f"'{key}' has more than {MAX_DECIMALS} decimals")
    if amount > MAX_USD:
        raise MistakeError(f"'{key}' is more than {MAX_USD:,} USD: {amount}")
    return amount


def read_budget(value: object, written: str = "") -> Decimal | None:
    """The cap of a run in USD; None for no cap. Here text is no number."""
    if value is None:
        return None
    if isinstance(value, str):
        hint = "Write a number such as 0.50, without quotes or currency; null for no cap."
        raise _wrong("budget", "an amount in USD or null", value, hint)
    return read_usd("budget", value, written)


def read_gate(value: object) -> Literal["high", "expected"]:
    """Which sum of the estimates must fit the budget."""
    if value == "expected":
        return "expected"
    if value != "high":
        hint = "high: the most that it may cost; expected: what it will likely cost."
        raise _wrong("gate", "high or expected", value, hint)
    return "high"


def read_accept(value: object) -> frozenset[str]:
    """The statuses that do not make the run fail."""
    known = isinstance(value, list) and all(
        isinstance(each, str) and each in ACCEPTED for each in value
    )
    if not isinstance(value, list) or not known:
        hint = "Write `accept: [moderated]`, or leave it out."
        raise _wrong("accept", "a list that holds moderated and nothing else", value, hint)
    return frozenset(value)


def read_count(key: str, value: object, most: int) -> int:
    """A whole number from 1 to `most`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(key, f"a whole number from 1 to {most}", value)
    if not 1 <= value <= most:
        raise MistakeError(f"'{key}' must be from 1 to {most}, not {value}")
    return value


def read_version(value: object) -> int:
    """The version of the job file's format; there is one."""
    if isinstance(value, bool) or value != VERSION or not isinstance(value, int):
        raise MistakeError(
            f"'version' must be {VERSION}, not {describe(value)}",
            hint=f"Write `version: {VERSION}`.",
        )
    return VERSION


def read_timeout(value: object) -> float:
    """A time in seconds, from a number or from text such as `90s` or `1h30m`."""
    seconds: float | None = None
    if isinstance(value, str):
        found = _DURATION.fullmatch(value.strip()[:_LONGEST_DURATION])
        if found and any(found.groups()):
            hours, minutes, rest = (float(each or 0) for each in found.groups())
            seconds = hours * 3600 + minutes * 60 + rest
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = float(value if value == math.inf else min(value, 10**12))
    if seconds is None:
        raise _wrong("timeout", "a time", value, _DURATION_HINT)
    if not (math.isfinite(seconds) and seconds > 0):
        raise MistakeError(
            f"'timeout' must be more than 0 seconds, not {describe(value)}", hint=_DURATION_HINT
        )
    return seconds


class Retry(NamedTuple):
    """How often one inference may be attempted, and after what."""

    attempts: int = DEFAULT_ATTEMPTS
    on: str = RETRY_ON[0]


def read_retry(value: object) -> Retry:
    """How often one inference may be attempted, from `{attempts: 3, on: transient}`."""
    if not isinstance(value, dict):
        raise _wrong("retry", "a mapping", value, _RETRY_HINT)
    for mistake in retry_mistakes(value):
        raise mistake
    attempts = read_count("attempts", value.get("attempts", DEFAULT_ATTEMPTS), MAX_ATTEMPTS)
    return Retry(attempts, value.get("on", RETRY_ON[0]))


def retry_mistakes(value: dict[str, object]) -> Iterator[MistakeError]:
    """Everything that is wrong in a `retry`."""
    for key in value:
        if key not in {"attempts", "on"}:
            hint = did_you_mean(key, ["attempts", "on"], otherwise=_RETRY_HINT)
            message = f"unknown key {key!r} in 'retry'"
            yield MistakeError(message, kind="unknown-key", hint=hint, path=(key,))
    if not value.keys() & {"attempts", "on"}:
        yield MistakeError("'retry' needs 'attempts'", kind="missing", hint=_RETRY_HINT)
    for key, given in value.items():
        if isinstance(given, str) and has_template(given):
            continue  # known only when it is rendered
        try:
            if key == "attempts":
                read_count("attempts", given, MAX_ATTEMPTS)
            elif key == "on":
                _check_retry_on(given)
        except MistakeError as mistake:
            mistake.path = (key,)
            yield mistake


def _check_retry_on(value: object) -> None:
    if value not in RETRY_ON:
        words = " or ".join(RETRY_ON)
        hint = did_you_mean(str(value), list(RETRY_ON), otherwise=_RETRY_HINT)
        raise MistakeError(f"'on' must be {words}, not {describe(value)}", hint=hint)


def read_tags(value: object) -> tuple[str, ...]:
    """Words to select inferences by; each once, in the order given."""
    if not isinstance(value, list):
        hint = f"Write `tags: [{value}]`." if isinstance(value, str) else ""
        raise _wrong("tags", "a list of text", value, hint)
    return tuple(dict.fromkeys(read_text("tags", each) for each in value))


def read_flag(key: str, value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        hint = "Write true or false; compare text in a template: \"{{ item.wanted == 'yes' }}\"."
        raise _wrong(key, "true or false", value, hint if isinstance(value, str) else "")
    return value


def read_mapping(key: str, value: object) -> dict[str, object]:
    """A mapping."""
    if not isinstance(value, dict):
        hint = f"Write `{key}: {{}}` for none." if value is None else ""
        raise _wrong(key, "a mapping", value, hint)
    return value


def read_name(value: object) -> str:
    """A job's name, which is also a folder's."""
    text = read_text("name", value)
    if re.search(r'[/\\:*?"<>|]', text) or text != text.strip(" ."):
        raise MistakeError(
            f"'name' cannot be a folder's name: {text!r}",
            hint="Use letters, digits, spaces, - and _.",
        )
    return _without_template("name", text)


def read_folder(value: object) -> str:
    """A folder, relative to the project."""
    text = read_text("output_dir", value)
    if len(text) > MAX_PATH:
        raise MistakeError(f"'output_dir' is {len(text):,} characters long; at most {MAX_PATH:,}")
    return _without_template("output_dir", text)


def _without_template(key: str, text: str) -> str:
    if has_template(text):
        raise MistakeError(f"'{key}' cannot hold a template", hint="Write it out.")
    return text


def name_mistakes(key: str, names: Iterable[str]) -> Iterator[MistakeError]:
    """The names that a template could not use, or that vidi gives itself."""
    for name in names:
        if name in RESERVED_NAMES:
            message, hint = f"{name!r} in '{key}' is a name that vidi gives itself", "Rename it."
        elif not name.isidentifier() or iskeyword(name):
            message = f"{name!r} in '{key}' cannot be used in a template"
            hint = "Use letters, digits and _, and begin with a letter."
        else:
            continue
        yield MistakeError(message, kind="bad-name", hint=hint, path=(name,))


RESERVED_NAMES = frozenset(("id", "index", "item"))
"""Names that the expansion sets."""
