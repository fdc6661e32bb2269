"""Strings of a job file that hold Jinja2: compiled once, rendered for every inference.

A string that is one `{{ expression }}` and nothing else keeps the type of its value; text is
never read again as YAML, so `"00123"` stays what it is. Strings that only put plain expressions
between text, nearly all of them, are taken apart here, so that Jinja2 compiles an expression
once however many strings it stands in.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from functools import lru_cache
from typing import TYPE_CHECKING

from jinja2 import TemplateError, TemplateSyntaxError, Undefined, UndefinedError, nodes

from vidi.jobs.mistakes import MOST_NAMED, MistakeError, did_you_mean, name_all
from vidi.jobs.rendering.clock import TooSlowError
from vidi.jobs.rendering.compiled_text import CompiledText
from vidi.jobs.rendering.detect import GIVEN_ALWAYS, GIVEN_WHERE, MARKERS
from vidi.jobs.rendering.environment import TURNS, bounded, job_environment, plain
from vidi.jobs.rendering.size import MAX_TEXT, TooBigError, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from jinja2 import Template

_SIMPLE = re.compile(r"\{\{([^{}'\"%#\\]+)\}\}")
_DOTTED = re.compile(r"\s*([^\W\d]\w*)((?:\.[^\W\d]\w*)*)\s*")
_KEYWORDS = frozenset(
    ("true", "True", "false", "False", "none", "None", "not", "and", "or", "if", "else", "in", "is")
)
_UNDEFINED = re.compile(r"'(.+)' is undefined")
_NO_SUCH = re.compile(r"No (filter|test) named '(.+?)'")
_FAILURES = (
    TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError,
    AssertionError, RuntimeError, StopIteration, MemoryError, TooSlowError, TooBigError,
)  # fmt: skip
"""What a template can raise that is a mistake of whoever wrote it."""


class _Compiled(CompiledText):
    """A string that holds templates, with what went wrong in it in words."""

    __slots__ = ("source",)

    def __init__(self, source: str) -> None:
        self.source = source

    def render(self, names: Mapping[str, object]) -> object:
        """As `CompiledText` says."""
        try:
            value = self._evaluated(names)
            measure(value)
        except _FAILURES as error:
            raise _explained(error, self.source, names) from error
        return value

    @abstractmethod
    def _evaluated(self, names: Mapping[str, object]) -> object:
        """Its value; may raise what Jinja2 raises."""


class _Value(_Compiled):
    """One expression and nothing else: the value keeps its type."""

    __slots__ = ("_evaluate",)

    def __init__(self, source: str, evaluate: Callable[[Mapping[str, object]], object]) -> None:
        super().__init__(source)
        self._evaluate = evaluate

    def _evaluated(self, names: Mapping[str, object]) -> object:
        return plain(self._evaluate(names))


class _Joined(_Compiled):
    """Text with plain expressions in it."""

    __slots__ = ("_pieces",)

    def __init__(self, source: str, pieces: list[str | _Value]) -> None:
        super().__init__(source)
        self._pieces = pieces

    def _evaluated(self, names: Mapping[str, object]) -> str:
        return _bounded_join(
            piece if isinstance(piece, str) else str(piece.render(names)) for piece in self._pieces
        )


class _Whole(_Compiled):
    """Text with statements, comments or anything else that Jinja2 alone understands."""

    __slots__ = ("_template",)

    def __init__(self, source: str, template: Template) -> None:
        super().__init__(source)
        self._template = template

    def _evaluated(self, names: Mapping[str, object]) -> str:
        context = self._template.new_context({**names, TURNS: []})
        return _bounded_join(self._template.root_render_func(context))


def _bounded_join(pieces: Iterable[str]) -> str:
    joined: list[str] = []
    size = 0
    for piece in pieces:
        joined.append(piece)
        size += len(piece)
        if size > MAX_TEXT:
            raise TooBigError(f"a text of more than {MAX_TEXT:,} characters")
    return "".join(joined)


@lru_cache(maxsize=4096)
def compile_text(text: str) -> CompiledText:
    """Compile a string that holds templates.

    Raises:
        MistakeError: The syntax is wrong.
    """
    pieces = _SIMPLE.split(text)
    try:
        if len(pieces) == 1 or not _is_simple(pieces):
            return _compiled_by_jinja(text)
        values = [_Value(f"{{{{{each}}}}}", _compiled_expression(each)) for each in pieces[1::2]]
    except _FAILURES as error:
        raise _explained(error, text, {}) from error
    if len(values) == 1 and not pieces[0] and not pieces[2]:
        return values[0]
    mixed = [values[n // 2] if n % 2 else piece for n, piece in enumerate(pieces)]
    return _Joined(text, mixed)


def _is_simple(pieces: list[str]) -> bool:
    literals, expressions = pieces[::2], pieces[1::2]
    if any(MARKERS.search(each) or each.endswith("{") for each in literals):
        return False
    return not any(each[0] in "-+" or each[-1] in "-+" or each.isspace() for each in expressions)


def _compiled_by_jinja(text: str) -> CompiledText:
    tree = bounded(job_environment().parse(text))
    match tree.body:
        case [nodes.Output(nodes=[nodes.Expr() as expression])] if not isinstance(
            expression, nodes.TemplateData
        ):
            return _Value(text, _evaluator(expression))
        case _:
            pass
    return _Whole(text, job_environment().from_string(tree))


@lru_cache(maxsize=4096)
def _compiled_expression(source: str) -> Callable[[Mapping[str, object]], object]:
    dotted = _DOTTED.fullmatch(source)
    if dotted and dotted[1] not in _KEYWORDS:
        return _looked_up(dotted[1], tuple(dotted[2].split(".")[1:]))
    tree = bounded(job_environment().parse(f"{{{{{source}}}}}"))
    match tree.body:
        case [nodes.Output(nodes=[nodes.Expr() as expression])]:
            return _evaluator(expression)
        case _:
            pass
    raise TemplateSyntaxError("not an expression", 1)  # not reached by what _SIMPLE lets through


def _looked_up(name: str, attributes: tuple[str, ...]) -> Callable[[Mapping[str, object]], object]:
    """The same as Jinja2's code for `name.attribute`, thirty times as fast."""
    environment = job_environment()

    def look_up(names: Mapping[str, object]) -> object:
        value = names[name] if name in names else environment.globals.get(name, environment)
        if value is environment:
            raise UndefinedError(f"{name!r} is undefined")
        for attribute in attributes:
            value = environment.getattr(value, attribute)
        return _defined(value)

    return look_up


def _evaluator(expression: nodes.Expr) -> Callable[[Mapping[str, object]], object]:
    assignment = nodes.Assign(nodes.Name("value", "store"), expression, lineno=1)
    tree = nodes.Template([assignment], lineno=1)
    tree.set_environment(job_environment())
    template = job_environment().from_string(tree)

    def evaluate(names: Mapping[str, object]) -> object:
        context = template.new_context({**names, TURNS: []})
        for _ in template.root_render_func(context):
            pass
        return _defined(context.vars["value"])

    return evaluate


def _defined(value: object) -> object:
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()
    return value


def _explained(error: BaseException, source: str, names: Mapping[str, object]) -> MistakeError:
    """What went wrong in a template, for whoever wrote it."""
    if isinstance(error, MistakeError):
        return error
    kind, message, hint = _reason(error, names)
    return MistakeError(message, kind=kind, hint=hint, needle=source if "{{" in source else "")


def _reason(error: BaseException, names: Mapping[str, object]) -> tuple[str, str, str]:
    """The kind of a mistake, what is wrong, and the hint."""
    message, _, hint = (getattr(error, "message", None) or str(error)).partition("\n")
    if unknown := _UNDEFINED.fullmatch(message):
        return "undefined", f"{unknown[1]!r} is not defined", _meant(unknown[1], names)
    if isinstance(error, UndefinedError):
        return "undefined", message, hint
    if unknown := _NO_SUCH.match(message):
        table = job_environment().filters if unknown[1] == "filter" else job_environment().tests
        return "template", f"no {unknown[1]} {unknown[2]!r}", did_you_mean(unknown[2], table)
    if isinstance(error, TemplateSyntaxError):
        return "template", f"template syntax: {message.removesuffix('.')}", hint
    if isinstance(error, TooBigError | TooSlowError):
        return "template", message, hint
    return "template", f"the template failed: {message or type(error).__name__}", hint


def _meant(unknown: str, names: Iterable[str]) -> str:
    known = [name for name in names if not name.startswith("_") and name not in GIVEN_ALWAYS]
    in_order = sorted(known) if len(known) <= MOST_NAMED else known
    otherwise = f"Defined here: {name_all(in_order)}."
    return GIVEN_WHERE.get(unknown) or did_you_mean(unknown, known, otherwise=otherwise)
