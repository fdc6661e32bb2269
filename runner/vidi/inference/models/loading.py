"""A template file, read and checked, as a ModelInfo."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from vidi.errors import Place, UsageError
from vidi.inference.models.ids import file_name
from vidi.inference.models.json_places import find_value, line_and_column
from vidi.inference.models.template import Billing, Call, ModelInfo, OutputType
from vidi.inference.models.template_schema import TEMPLATE_SCHEMA
from vidi.json_values import as_object
from vidi.strict_json import mend_texts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vidi.inference.models.template import TemplateFile


class TemplateError(UsageError):
    """A template file is broken: unreadable, not JSON, or not what a template is."""

    code = "template"


def load_template(path: Path) -> ModelInfo:
    """Read one template.

    Raises:
        TemplateError: It cannot be read, or it is broken; with the place of the mistake.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path} cannot be read: {error}", place=Place(str(path))) from error
    return read_template(text, path)


@lru_cache(maxsize=4096)  # all that are shipped, twice: a program may open many registries
def read_template(text: str, path: Path) -> ModelInfo:
    """Read the text of one template; the same text is read once in a program.

    Args:
        text: The whole file.
        path: What messages call it; it ends as the id says.

    Raises:
        TemplateError: It is broken; with the place of the mistake.
    """
    template: TemplateFile = _parse(text, path)
    mistake = next(_validator().iter_errors(template), None)
    if mistake is not None:
        raise _broken(path, text, *_explain(mistake))
    found, expected = "/".join(path.parts[-2:]), file_name(template["id"])
    if found != expected:
        what = f"the id {template['id']} belongs in {expected}, not in {found}"
        raise _broken(path, text, ["id"], what)
    return _model(template, path)


def _parse(text: str, path: Path) -> Any:
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
        if "\\ud" in text.lower() and mend_texts(value) != value:
            raise ValueError("it holds half of a surrogate pair")
        return value
    except json.JSONDecodeError as error:
        place = Place(str(path), error.lineno, error.colno)
        raise TemplateError(f"{place} is not valid JSON: {error.msg}", place=place) from error
    except (ValueError, RecursionError) as error:
        place = Place(str(path))
        raise TemplateError(f"{place} is not valid JSON: {error}", place=place) from error


def _refuse_constant(name: str) -> Decimal:
    raise ValueError(f"{name} is not a number that JSON knows")


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(TEMPLATE_SCHEMA)


def _explain(error: jsonschema_rs.ValidationError) -> tuple[Sequence[str | int], str]:
    """The place of a schema error and what is wrong, in the words of someone who edits JSON."""
    path = list(error.instance_path)
    if error.kind.name == "oneOf":
        wanted = [name for branch in _branches(error) for name in branch]
        names = ", ".join(wanted if len(wanted) <= 5 else [*wanted[:4], "…"])
        return path, f"needs exactly one of {names}"
    return path, error.message


def _branches(error: jsonschema_rs.ValidationError) -> list[list[str]]:
    schema: Any = TEMPLATE_SCHEMA
    for step in error.schema_path:
        schema = _defined(schema["$ref"]) if step == "$ref" else schema[step]
    return [branch.get("required", []) for branch in schema]


def _defined(reference: str) -> object:
    return as_object(TEMPLATE_SCHEMA["$defs"])[reference.rsplit("/", 1)[-1]]


def _broken(path: Path, text: str, at: Sequence[str | int], what: str) -> TemplateError:
    place = Place(str(path), *line_and_column(text, find_value(text, at)))
    where = ".".join(map(str, at)) or "the template"
    return TemplateError(
        f"{place}: {where}: {what}",
        hint="docs/template.schema.json and docs/prices.md say what a template holds.",
        place=place,
    )


def _model(template: TemplateFile, path: Path) -> ModelInfo:
    return ModelInfo(
        id=template["id"],
        title=template["title"],
        category=template["category"],
        output_type=OutputType(template["output_type"]),
        output=template["output"],
        params=template["params"],
        pricing=template["pricing"],
        example=template["example"],
        timeout_s=template["timeout_s"],
        sources=tuple(template["sources"]),
        as_of=template["as_of"],
        confidence=template["confidence"],
        page=template["page"],
        path=path,
        retired=template.get("retired", ""),
        replaced_by=tuple(template.get("replaced_by", ())),
        aliases=tuple(template.get("aliases", ())),
        call=read_call(template),
        billing=read_billing(template),
        params_complete=template.get("params_complete", True),
    )


def read_call(template: TemplateFile) -> Call | None:
    """How Replicate runs it; templates of before `call` have the version hash alone."""
    call = template.get("call")
    if call is not None:
        return Call(
            official=call.get("official", False),
            version=call.get("version", ""),
            deployment=call.get("deployment", ""),
            before=tuple(call.get("before", ())),
        )
    if not template["id"].startswith("replicate/"):
        return None
    version = template.get("version", "")
    return Call(version=version) if version else Call(official=True)


def read_billing(template: TemplateFile) -> Billing | None:
    """The base price of a template, where it has one."""
    billing = template.get("billing")
    if billing is None:
        return None
    unit_usd = Decimal(billing["unit_usd"])
    return Billing(billing["unit"], unit_usd, billing["as_of"], billing["source"])
