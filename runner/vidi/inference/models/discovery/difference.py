"""What is different between the params of a template and those that the provider has now."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from vidi.inference.models.discovery.params import BOUNDS, COUNTS, Bound, Count
from vidi.inference.models.discovery.words import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vidi.inference.models.param_schema import ParamSchema


Kind = Literal[
    "added", "removed", "required", "optional", "enum", "type", "default", "limits",
    "call", "retired", "billing", "output", "gone", "renamed",
]  # fmt: skip

Shown = Bound | Count | Literal["default"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different now."""

    kind: Kind
    name: str
    """The param; empty where it is about the model."""
    message: str

    def __str__(self) -> str:
        return one_line(f"{self.name}: {self.message}" if self.name else self.message)


def compare_params(old: ParamSchema, new: ParamSchema, within: str = "") -> list[Change]:
    """Every difference, in the order of the new params, at any depth. Descriptions are none.

    Args:
        old: An object that knows its fields: the params as a whole, or a param that is one.
        new: The same as the provider describes it.
        within: What its fields are called by, such as `loras[].`.
    """
    before = {
        name: schema for name, schema in old["properties"].items() if not schema.get("x-legacy")
    }
    after = new["properties"]
    changes = []
    for key, schema in after.items():
        name = f"{within}{key}"
        if key not in before:
            must = "required" if key in new.get("required", ()) else "optional"
            changes.append(Change("added", name, f"new: {describe_shape(schema)}, {must}"))
            continue
        was, now = key in old.get("required", ()), key in new.get("required", ())
        if was != now:
            changes.append(_turn(name, now=now))
        changes += compare_param(name, before[key], schema)
    gone = (f"{within}{key}" for key in before if key not in after)
    return changes + [Change("removed", name, "no longer there") for name in gone]


def compare_param(name: str, old: ParamSchema, new: ParamSchema) -> list[Change]:
    """Every difference of one param and of what is in it, apart from whether it is required."""
    changes = [*_compare_choices(name, old, new), *_compare_rest(name, old, new)]
    if "properties" in old and "properties" in new:
        changes += compare_params(old, new, f"{name}.")
    elif "properties" in new and _is_object(old):
        described = ", ".join(new["properties"])
        changes.append(Change("added", name, f"its fields are known now: {described}"))
    if "items" in old and "items" in new:
        inner = compare_param(f"{name}[]", old["items"], new["items"])
        known = {change.message for change in changes}  # choices of items are the param's own, too
        changes += [change for change in inner if change.message not in known]
    return changes


def _is_object(schema: ParamSchema) -> bool:
    return schema.get("type", "object") == "object" and "anyOf" not in schema


def describe_shape(schema: ParamSchema) -> str:
    """The type in a few words, such as `list of image files`."""
    if "anyOf" in schema:
        return " or ".join(describe_shape(each) for each in schema["anyOf"])
    if "x-file" in schema:
        return f"{schema['x-file']} file"
    kind = schema.get("type", "")
    if kind == "array":
        inner = describe_shape(schema.get("items", {}))
        return f"list of {inner}s" if inner else "list"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _turn(name: str, *, now: bool) -> Change:
    return (
        Change("required", name, "required now")
        if now
        else Change("optional", name, "no longer required")
    )


def _compare_choices(name: str, old: ParamSchema, new: ParamSchema) -> Iterator[Change]:
    before, after = dict(_choices(old)), dict(_choices(new))
    if before.keys() == after.keys():
        return
    if not after:
        yield Change("enum", name, "takes any value now")
    elif not before:
        yield Change("enum", name, f"takes only {_list(after)} now")
    else:
        news = [
            f"{word} {_list(values)}"
            for word, values in (
                ("new", [key for key in after if key not in before]),
                ("gone", [key for key in before if key not in after]),
            )
            if values
        ]
        yield Change("enum", name, f"values: {'; '.join(news)}")


def _compare_rest(name: str, old: ParamSchema, new: ParamSchema) -> Iterator[Change]:
    was, now = describe_shape(old), describe_shape(new)
    if was and now and _plain_shape(was) != _plain_shape(now):
        yield Change("type", name, f"{now} now, was {was}")
    if not _same(old.get("default"), new.get("default")):
        told = f"default {_show(new, 'default')} now, was {_show(old, 'default')}"
        yield Change("default", name, told)
    for key in (*BOUNDS, *COUNTS):
        if not _same(old.get(key), new.get(key)):
            told = f"{key} {_show(new, key)} now, was {_show(old, key)}"
            yield Change("limits", name, told)


def _plain_shape(shape: str) -> str:
    """Files are text to a provider: only a curated template tells them apart."""
    for kind in ("image", "video", "audio", "file"):
        shape = shape.replace(f"{kind} file", "string")
    return shape


def _choices(schema: ParamSchema) -> Iterator[tuple[str, object]]:
    for value in schema.get("enum", ()):
        yield _text(value), value
    inner = [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])]
    for each in inner:
        yield from _choices(each)


def _same(one: object, other: object) -> bool:
    """Equal, or the same number in another form."""
    return one == other or (one is not None and other is not None and _text(one) == _text(other))


def _text(value: object) -> str:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return f"{Decimal(value).normalize():f}"
    return str(value)


def _show(schema: ParamSchema, key: Shown) -> str:
    return _text(schema[key]) if key in schema else "none"


def _list(values: Iterable[str]) -> str:
    return ", ".join(map(str, values))
