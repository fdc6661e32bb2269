"""What of a plan must stay out of its records: variables and params that are secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vidi.inference.models.params.addresses import list_url_secrets
from vidi.inference.tracking.redaction import REDACTED, list_texts, says_secret
from vidi.jobs.rendering.detect import columns_in, has_template, names_in
from vidi.json_values import as_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.inference.tracking.redaction import SecretTexts
    from vidi.jobs.spec import InferenceSpec
    from vidi.runs.planning.plan import Plan

_EXPRESSION = re.compile(r"{{.*?}}", re.DOTALL)
_MOST_EXPRESSIONS = 3
"""Of a template that is taken apart; with more, a match may take for ever."""


def list_secrets(plan: Plan) -> SecretTexts:
    """The texts that the records of a run may not hold, wherever a template has put them.

    They are the values whose names say that they are secrets, those of params that the template
    marks so (`x-secret`), and of what feeds them, whatever their names, and what opens the files
    at the URLs in any param.
    """
    urls = (
        text
        for planned in plan.inferences
        for text in list_url_secrets(planned.request.checked.params)
    )
    return list_texts((*plan.secrets, *urls))


def show_variables(variables: Mapping[str, object]) -> dict[str, object]:
    """Variables as they may be recorded: a secret is left out by its name, also a short one."""
    return {name: REDACTED if says_secret(name) else value for name, value in variables.items()}


def find_fed_secrets(
    spec: InferenceSpec, schema: ParamSchema, variables: Mapping[str, object]
) -> Iterator[str]:
    """The secrets among the params of an inference, and the values that they are made from.

    Args:
        spec: The inference.
        schema: Of its model's params.
        variables: Of the job.
    """
    for path, value in _find_secret_params(spec.params, schema, ("params",)):
        yield value
        written = spec.places.written(path)
        if isinstance(written, str) and has_template(written):
            yield from _find_inserted(value, written)
            yield from _find_sources(written, spec, variables)


def _find_secret_params(
    params: Mapping[str, object], schema: ParamSchema, at: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, value in params.items():
        field = schema.get("properties", {}).get(name, {})
        if isinstance(value, str):
            if field.get("x-secret") or says_secret(name):
                yield (*at, name), str(value)
        elif isinstance(value, dict):
            yield from _find_secret_params(value, field, (*at, name))


def _find_inserted(value: str, written: str) -> Iterator[str]:
    """What stands for the expressions in a text: `mine` of `Bearer {{ mine }}`."""
    literal = [re.escape(each) for each in _EXPRESSION.split(written)]
    if len(literal) <= _MOST_EXPRESSIONS + 1:
        found = re.fullmatch("(.*?)".join(literal), value, re.DOTALL)
        yield from found.groups() if found else ()


def _find_sources(
    written: str, spec: InferenceSpec, variables: Mapping[str, object]
) -> Iterator[str]:
    """The values of the names that a template reads."""
    own, names = as_object(spec.places.get("vars")), names_in(written)
    values = [each.get(name) for each in (spec.axes, own, variables) for name in names]
    if spec.row is not None:
        item = spec.row.item
        values += [as_object(item).get(column) for column in columns_in(written) or ()]
        values += [item] if "item" in names else []
    yield from (str(each) for each in values if isinstance(each, str) and not has_template(each))
