"""Jinja2 as job files have it: sandboxed, strict, without a file system, and bounded.

What is bounded: the size of every value and every text, the turns of loops, the digits of
numbers. Statements that only serve bigger templates (include, import, macro, block, …) are
refused, so nothing can grow where it is not looked at.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator
from inspect import unwrap
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, TemplateError, Undefined, nodes, pass_context
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from vidi.jobs.mistakes import name_all, nearest
from vidi.jobs.rendering.clock import look_at_clock
from vidi.jobs.rendering.output_index import OutputIndex, format_printf
from vidi.jobs.rendering.size import (
    MAX_PARTS,
    MAX_TEXT,
    MAX_VALUE,
    TooBigError,
    measure,
    measure_more,
)
from vidi.jobs.rendering.slug import slug

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jinja2.runtime import Context

MAX_ITEMS = 100_000
"""Values in a list that is made by repeating one; turns of all the loops of a template."""
MAX_ARGUMENT = 100_000
"""A whole number that a filter or method is given, such as a width."""
_COUNTED = "turns of the loop"
"""The name of the filter under every loop; no template can write it."""
TURNS = "turns of all loops"
"""Where a context keeps the list that counts them."""
_MAX_BITS = 4096
_WIDE = re.compile(r"\d{6,}|%[-+ #0-9.]*\*")
_MULTIPLYING = frozenset(
    ("expandtabs", "indent", "join", "replace", "tojson", "translate", "wordwrap")
)
"""Filters and methods whose result may be as long as their value times their argument."""

_ALLOWED = (nodes.Output, nodes.If, nodes.For, nodes.Assign, nodes.With)


class Missing(StrictUndefined):
    """An unknown name; its message proposes the keys that resemble it, after a line end."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        owner, name = self._undefined_obj, self._undefined_name
        if self._undefined_hint or not isinstance(owner, dict) or not isinstance(name, str):
            return str(super()._undefined_message)
        known = nearest(name, map(str, owner)) or map(str, owner)
        return f"{name!r} is not there\nWhat is there: {name_all(known)}."


def _check_call(name: str, value: object, arguments: Iterable[object]) -> None:
    """Refuse a filter or method whose result would be too big, before it is made."""
    look_at_clock()
    size = measure(value) if not isinstance(value, Undefined) else 0
    for argument in arguments:
        if isinstance(argument, int) and abs(argument) > MAX_ARGUMENT:
            raise TooBigError(f"{argument:,} is too big for {name!r}")
        if isinstance(argument, Undefined):
            continue
        factor = argument if isinstance(argument, int) else measure(argument)
        if name in _MULTIPLYING and (size + 1) * max(abs(factor), 1) > MAX_VALUE:
            raise TooBigError(f"{name!r} would make more than {MAX_TEXT:,} characters")
    if name == "format" and isinstance(value, str) and _WIDE.search(value):
        raise TooBigError("a format that is too wide")


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    takes_context = hasattr(function, "jinja_pass_arg")

    @functools.wraps(function)
    def guarded(*given: object, **options: object) -> object:
        first = int(takes_context)
        value, *arguments = given[first:]
        _check_call(name, value, [*arguments, *options.values()])
        return function(*given[:first], _in_bounds(value), *arguments, **options)

    return guarded


def _in_bounds(value: object) -> object:
    """A value whose items are made one by one (by `map`, say): looked at as they come."""
    return _measured(value) if isinstance(value, Iterator) else value


def _measured(values: Iterator[object]) -> Iterator[object]:
    size = parts = 0
    for value in values:
        look_at_clock()
        size, parts = measure_more(value, size, parts)
        yield value


@pass_context
def _counted(context: Context, values: Iterable[object]) -> Iterator[object]:
    """The turns of a loop, counted together with those of every other loop of the template."""
    turns = context[TURNS]
    for value in values:
        look_at_clock()
        turns.append(None)
        if len(turns) > MAX_ITEMS:
            raise TooBigError(f"loops of more than {MAX_ITEMS:,} turns")
        yield value


class JobEnvironment(ImmutableSandboxedEnvironment):
    """Where the templates of job files run."""

    intercepted_binops = frozenset(("+", "*", "**", "%"))

    def __init__(self) -> None:
        super().__init__(
            undefined=Missing, keep_trailing_newline=True, finalize=_finalize, cache_size=0
        )
        for name in ("lipsum", "cycler", "joiner"):  # by chance, or with a state
            del self.globals[name]
        del self.filters["random"]  # another text each time would be bought each time
        self.filters["slug"] = slug
        self.filters["format"] = _format
        self.filters = {name: _guarded(name, each) for name, each in self.filters.items()}
        self.filters[_COUNTED] = _counted

    def getattr(self, obj: object, attribute: str) -> object:
        """A key of a mapping comes before a method of the same name, such as `title`."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def call_binop(self, context: Context, operator: str, left: object, right: object) -> object:
        """Refuse sums and products that would be too big, before they are made."""
        look_at_clock()
        _check_operation(operator, left, right)
        given = right if isinstance(right, tuple) else (right,)
        if operator == "%" and any(isinstance(each, OutputIndex) for each in given):
            return format_printf(str(left), given)
        return super().call_binop(context, operator, left, right)

    def call(
        self, context: Context, function: Callable[..., Any], /, *args: object, **kwargs: object
    ) -> object:
        """Call a function or a method from a template."""
        owner = getattr(unwrap(function), "__self__", None)
        owner = owner if isinstance(owner, (str, list, tuple, dict)) else None
        name = getattr(function, "__name__", "this")
        if name != "safe_range":
            _check_call(name, owner, [*args, *kwargs.values()])
        return super().call(context, function, *map(_in_bounds, args), **kwargs)


@functools.cache
def job_environment() -> JobEnvironment:
    """The one environment of all templates."""
    return JobEnvironment()


def find_names(text: str) -> frozenset[str]:
    """The names that a string's templates read; none where they cannot be understood."""
    try:
        return frozenset(find_undeclared_variables(job_environment().parse(text)))
    except (TemplateError, TooBigError, RecursionError):
        return frozenset()  # told where it stands, when it is rendered


def _format(text: str, *arguments: object, **named: object) -> str:
    """Jinja2's filter, which also takes the number of an output."""
    if any(isinstance(each, OutputIndex) for each in arguments):
        return format_printf(str(text), arguments)
    return str(text) % (named or arguments)


def _finalize(value: object) -> object:
    measure(value)
    return value


def _check_operation(operator: str, left: object, right: object) -> None:
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        if operator in {"*", "**"} and _bits(operator, left, right) > _MAX_BITS:
            raise TooBigError(f"a number of more than {_MAX_BITS} bits")
    elif operator == "*":
        _check_product(left, right)
        _check_product(right, left)
    elif operator == "%" and isinstance(left, str) and _WIDE.search(left):
        raise TooBigError("a format that is too wide")
    else:
        for side in (left, right):
            if isinstance(side, (str, list, tuple)):
                measure(side)


def _check_product(times: object, value: object) -> None:
    if isinstance(times, int) and isinstance(value, (str, list, tuple)):
        _check_repeated(value, times)


def _check_repeated(value: str | list[object] | tuple[object, ...], times: int) -> None:
    if len(value) * times > (MAX_TEXT if isinstance(value, str) else MAX_ITEMS):
        raise TooBigError(f"{times:,} times a {'text' if isinstance(value, str) else 'list'}")


def _bits(operator: str, left: object, right: object) -> float:
    if not (isinstance(left, int) and isinstance(right, int)):
        return 0  # a float overflows by itself
    wide = math.log2(abs(left) + 1)
    return wide * max(right, 0) if operator == "**" else wide + math.log2(abs(right) + 1)


def bounded(template: nodes.Template) -> nodes.Template:
    """Check that a template holds only what job files may, and put its loops under a bound.

    Raises:
        TooBigError: It holds another statement.
    """
    for node in [template, *template.find_all(nodes.Node)]:
        if isinstance(node, nodes.Stmt) and not isinstance(node, _ALLOWED):
            name = type(node).__name__.lower()
            raise TooBigError(f"templates in a job file have no {name!r} statement")
        if isinstance(node, nodes.For):
            if node.recursive:
                raise TooBigError("loops in a job file cannot be recursive")
            node.iter = _filtered(_COUNTED, node.iter)
        if isinstance(node, nodes.Concat):
            node.nodes = [_filtered("string", each) for each in node.nodes]
    return template


def _filtered(name: str, node: nodes.Node) -> nodes.Expr:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def plain(value: object) -> object:
    """A template's value as JSON has it: markup becomes text, what can be counted a list.

    Raises:
        TooBigError: It is too big, or no value at all.
    """
    return _plain(value, [0])


def _plain(value: object, parts: list[int]) -> object:
    """The same; `parts` counts over the whole value, which may hold one list many times."""
    parts[0] += 1
    if parts[0] > MAX_PARTS:
        raise TooBigError(f"a value with more than {MAX_PARTS:,} parts")
    if isinstance(value, (Markup, OutputIndex)):
        return str(value)
    if value is None or isinstance(value, (str, int, float)):
        return value
    look_at_clock()
    if isinstance(value, dict):
        return {str(key): _plain(each, parts) for key, each in value.items()}
    if hasattr(value, "__iter__"):
        return [_plain(each, parts) for each in value]
    raise TooBigError(f"a {type(value).__name__} is no value for a job")
