"""The params of one inference, checked against the template of its model and converted.

The JSON Schema of the template decides (jsonschema_rs); what it finds is said in our own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from vidi.inference.models.params.checked import CheckedParams, InputFile, ParamProblem
from vidi.inference.models.params.choices import both_forms, plain_number
from vidi.inference.models.params.coercion import coerce
from vidi.inference.models.params.complaints import find_problems
from vidi.inference.models.params.effective import EffectiveParams
from vidi.inference.models.params.input_files import FileFinder, holds_files, named_files
from vidi.inference.models.params.texts import find_file_names

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.inference.models.params.checked import At
    from vidi.inference.models.template import ModelInfo

__all__ = ["CheckedParams", "InputFile", "ParamProblem", "check_params"]

_KEPT_RULES = 2000
"""How many models' rules are kept ready."""
_LAST = 1 << 30
MOST_PROBLEMS = 100
"""Of one inference; with more, only that there are more is said."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """The params schema of one model, made ready."""

    written: ParamSchema
    """As the template has it; held, so that no other schema gets its identity."""
    schema: ParamSchema
    validator: jsonschema_rs.Draft202012Validator
    takes_files: bool
    turned_off: tuple[str, ...]
    """Refused switches that are on by default: sent as false where they are not given."""


_rules: dict[int, _Rules] = {}


def check_params(
    model: ModelInfo, params: Mapping[str, object], *, base: Path | None, allow_outside: bool = True
) -> CheckedParams:
    """Check and convert the params of one inference; every mistake is found, none raised.

    Args:
        model: Whose params they are.
        params: As the job file or a program gives them.
        base: What the paths of input files are relative to; None for a template's example, whose
            files nobody has, whatever lies in the working directory.
        allow_outside: Whether input files may be outside of `base`, links resolved.
    """
    rules = _rules_of(model)
    problems: list[ParamProblem] = []
    converted = coerce(params, rules.schema, (), problems)
    for name in rules.turned_off:
        converted.setdefault(name, False)
    if not rules.validator.is_valid(converted):
        noted = _wrong_paths(problems)
        found = find_problems(rules.validator, rules.schema, converted)
        new = (each for each in found if each.path not in noted or each.on_key)
        problems += islice(new, MOST_PROBLEMS)
    files: list[InputFile] = []
    if rules.takes_files:
        finder = FileFinder(base, model.provider, allow_outside)
        files, wrong = _find_files(finder, converted, rules, _wrong_paths(problems))
        problems += wrong
    if names := list(islice(find_file_names(converted, rules.schema, base), MOST_PROBLEMS)):
        wrong_so_far = _wrong_paths(problems)
        problems += [each for each in names if each.path not in wrong_so_far]
    effective = EffectiveParams(converted, rules.schema)
    return CheckedParams(converted, effective, tuple(files), _in_order(problems, params))


def _rules_of(model: ModelInfo) -> _Rules:
    rules = _rules.get(id(model.params))
    if rules is None:
        schema = _plain(model.params)
        if not model.params_complete:
            schema |= {"additionalProperties": True, "x-complete": False}
        validator = jsonschema_rs.Draft202012Validator(schema)
        rules = _Rules(model.params, schema, validator, holds_files(schema), _turned_off(schema))
        if len(_rules) >= _KEPT_RULES:
            _rules.clear()
        _rules[id(model.params)] = rules
    return rules


def _turned_off(schema: ParamSchema) -> tuple[str, ...]:
    fields = schema["properties"].items()
    return tuple(name for name, field in fields if "x-refused" in field and field.get("default"))


def _plain(value: Any) -> Any:
    """A template's schema without decimals, and with both forms of the values of open enums."""
    if isinstance(value, dict):
        plain = {key: _plain(each) for key, each in value.items()}
        if plain.get("x-enum-open") is True:
            plain.pop("type", None)
            plain["enum"] = both_forms(plain["enum"])
        return plain
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return plain_number(value) if isinstance(value, Decimal) else value


def _wrong_paths(problems: Iterable[ParamProblem]) -> set[At]:
    return {problem.path for problem in problems if problem.severity == "error"}


def _find_files(
    finder: FileFinder, params: dict[str, object], rules: _Rules, wrong: set[At]
) -> tuple[list[InputFile], list[ParamProblem]]:
    files: list[InputFile] = []
    problems: list[ParamProblem] = []
    for at, name, field in named_files(params, rules.schema):
        found = None if at in wrong else finder.find(at, name, field)
        if isinstance(found, InputFile):
            files.append(found)
        elif found is not None:
            problems.append(found)
        if len(problems) > MOST_PROBLEMS:
            break
    return files, problems


def _in_order(
    problems: list[ParamProblem], params: Mapping[str, object]
) -> tuple[ParamProblem, ...]:
    """As they stand in the params; of too many, the first that must be mended."""
    if len(problems) > MOST_PROBLEMS:
        problems = sorted(problems, key=lambda each: each.severity)[:MOST_PROBLEMS]
        message, severity = f"more than {MOST_PROBLEMS} mistakes", problems[-1].severity
        more = ParamProblem((), True, "too-many", message, "Mend these first.", severity)
        problems.append(more)
    if len(problems) > 1:
        problems = sorted(problems, key=lambda problem: _position(problem, params))
    return tuple(problems)


def _position(problem: ParamProblem, params: Mapping[str, object]) -> tuple[int, ...]:
    """Where a problem stands in the params as written; what is missing stands last."""
    place: list[int] = []
    inside: Any = params
    for step in problem.path:
        if isinstance(inside, Mapping) and step not in inside:
            break
        place.append(list(inside).index(step) if isinstance(inside, Mapping) else int(step))
        inside = inside[step]
    return (*place, _LAST) if problem.code == "missing-param" else tuple(place)
