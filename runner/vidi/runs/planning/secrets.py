"""What of a plan must stay out of its records: variables and params that are secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.inference.models.params.addresses import list_url_secrets
from vidi.inference.tracking.redaction import REDACTED, list_texts, says_secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vidi.inference.request import InferenceRequest
    from vidi.runs.planning.plan import Plan


def list_secrets(plan: Plan) -> tuple[str, ...]:
    """The texts that the records of a run may not hold, wherever a template has put them.

    They are the values of variables whose names say that they are secrets, those of params that
    the template marks so (`x-secret`), whatever the name of the variable that fed them, and what
    opens the files at the URLs in any param.
    """
    variables = (str(value) for name, value in plan.job.vars.items() if says_secret(name))
    params = (text for planned in plan.inferences for text in _secret_params(planned.request))
    return list_texts((*variables, *params))


def show_variables(variables: Mapping[str, object]) -> dict[str, object]:
    """Variables as they may be recorded: a secret is left out by its name, also a short one."""
    return {
        name: REDACTED if says_secret(name) and isinstance(value, str) else value
        for name, value in variables.items()
    }


def _secret_params(request: InferenceRequest) -> Iterator[str]:
    yield from list_url_secrets(request.checked.params)
    for name, schema in request.model.params["properties"].items():
        value = request.checked.params.get(name)
        if schema.get("x-secret") and isinstance(value, str):
            yield value
