"""docs/api.md from the code: every public name with its signature and its docstring."""

from __future__ import annotations

import inspect
import re
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WIDTH = 76
"""Characters of a signature on one line."""

INTRODUCTION = """\
# The API of `vidi.inference`

Generated from the code by `python docs/make.py`. Amounts are `Decimal`s in USD, times are seconds,
errors are those of `vidi.errors`. [library.md](library.md) shows how it is used.
"""
MORE = (
    ("vidi.inference.session", "InferenceEvent"),
    ("vidi.inference.models.prices.estimate", "Estimate"),
    ("vidi.inference.models.prices.estimate", "PriceLine"),
    ("vidi.inference.settings", "Settings"),
    ("vidi.inference.tracking.costs", "CostAlertWarning"),
    ("vidi.inference.tracking.sanitize", "sanitize_parameters"),
    ("vidi.inference.models.registry", "UnknownModelError"),
    ("vidi.inference.models.registry", "ParamsError"),
)
"""What is not in `__all__`, but comes out of what is."""
SECTION = re.compile(r"^(Args|Returns|Raises):$")
MEMBER = re.compile(
    r'^    (\w+): ([^=\n]+?)(?: = [^\n]+)?\n    """(.+?)"""', re.MULTILINE | re.DOTALL
)


def make_api_page() -> str:
    """The whole page."""
    import vidi.inference

    own = [("vidi.inference", name) for name in vidi.inference.__all__]
    parts = [INTRODUCTION]
    parts += [_describe(module, name) for module, name in own]
    parts.append("## What comes with it\n")
    parts += [_describe(module, name, level=3) for module, name in MORE]
    return "\n".join(parts)


def _describe(module: str, name: str, level: int = 2) -> str:
    thing = getattr(__import__(module, fromlist=[name]), name)
    mark = "#" * level
    shown = f"{name}{_signature(thing)}" if not inspect.isclass(thing) else _call(thing)
    lines = [f"{mark} {name}", "", f"`from {module} import {name}`", ""]
    lines += [_block(shown), *_text(inspect.getdoc(thing) or "")]
    if inspect.isclass(thing):
        for member, text in _fields(thing):
            lines += [f"- `{member}`: {text}"]
        lines += [""]
        for method in _methods(thing):
            lines += list(_method(thing, method))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def _call(thing: type) -> str:
    if issubclass(thing, (str, Exception)):
        return f"class {thing.__name__}({thing.__mro__[1].__name__})"
    return f"class {thing.__name__}{_signature(thing)}"


def _signature(thing: Callable[..., object]) -> str:
    """Parameters and return type, on one line where they fit."""
    signature = inspect.signature(thing)
    shown, starred = [], False
    for each in signature.parameters.values():
        if each.kind is each.KEYWORD_ONLY and not starred:
            shown.append("*")
            starred = True
        if each.name not in {"self", "cls"}:
            shown.append(_parameter(each))
    returned = signature.return_annotation
    after = "" if inspect.isclass(thing) or returned is signature.empty else f" -> {returned}"
    line = f"({', '.join(shown)}){after}"
    if len(line) <= WIDTH:
        return line
    return "(\n" + "".join(f"    {each},\n" for each in shown) + f"){after}"


def _parameter(each: inspect.Parameter) -> str:
    star = {each.VAR_KEYWORD: "**", each.VAR_POSITIONAL: "*"}.get(each.kind, "")
    text = f"{star}{each.name}: {each.annotation}"
    if each.default is each.empty:
        return text
    return f"{text} = {_default(each.default)}"


def _default(value: object) -> str:
    """A default as it is written, the same on every machine."""
    if isinstance(value, Enum):
        return str(type(value).__name__) + "." + value.name
    return repr(value) if isinstance(value, str | int | float | None | tuple) else "…"


def _fields(thing: type) -> Iterator[tuple[str, str]]:
    """The documented attributes and properties of a class, and the values of an enum."""
    source = "".join(map(inspect.getsource, _own_classes(thing)))
    members = getattr(thing, "__members__", {})
    for name, member in members.items():
        yield name, f"`{member.value!r}`"
    for match in MEMBER.finditer(source):
        if not match[1].startswith("_"):
            yield f"{match[1]}: {match[2]}", " ".join(match[3].split())
    for name, value in vars(thing).items():
        if isinstance(value, property) and not name.startswith("_"):
            yield name, " ".join((inspect.getdoc(value) or "").split())


def _methods(thing: type) -> list[str]:
    """Its own methods; what it inherits from another class of this page stands with that."""
    found = dict.fromkeys(name for each in _own_classes(thing) for name in vars(each))
    return [
        name
        for name in found
        if not name.startswith("_")
        and (inspect.isfunction(value := inspect.getattr_static(thing, name)) or _is_bound(value))
        and inspect.getdoc(getattr(thing, name))
    ]


def _own_classes(thing: type) -> list[type]:
    """The class, and those of its bases that belong to no other class of this page."""
    import vidi.inference

    shown = [getattr(vidi.inference, name) for name in vidi.inference.__all__]
    others = [each for each in shown if inspect.isclass(each) and each is not thing]
    told = {base for each in others if issubclass(thing, each) for base in each.__mro__}
    ours = [each for each in thing.__mro__ if each.__module__.startswith("vidi.")]
    return [each for each in reversed(ours) if each not in told]


def _is_bound(value: object) -> bool:
    return isinstance(value, classmethod | staticmethod)


def _method(thing: type, name: str) -> Iterator[str]:
    method = getattr(thing, name)
    word = "async " if inspect.iscoroutinefunction(method) else ""
    yield f"#### {thing.__name__}.{name}\n"
    yield _block(f"{word}{name}{_signature(method)}")
    yield from _text(inspect.getdoc(method) or "")
    yield ""


def _block(code: str) -> str:
    return f"```text\n{code}\n```\n"


def _text(doc: str) -> Iterator[str]:
    """A google-style docstring as Markdown: sections become lists."""
    inside = False
    for line in doc.splitlines():
        section = SECTION.match(line)
        if section:
            inside = True
            yield f"{section[1]}:\n"
        elif inside and re.match(r"    \S", line):
            name, _, words = line.strip().partition(": ")
            yield f"- `{name}`: {words}" if words else f"- {name}"
        elif inside and line.startswith("     "):
            yield f"  {line.strip()}"
        else:
            inside = inside and not line.strip()
            yield line
    yield ""
