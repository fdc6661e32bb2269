"""What providers say of their models, as `vidi models pull` reads it."""

import json
from pathlib import Path

from fuzz.inputs import altered, as_json, one_of, piped, values
from fuzz.target import Target
from support.models.provider_documents import TODAY, URI, cog, queue
from vidi.inference.models.discovery.cog import read_replicate
from vidi.inference.models.discovery.discovery import DocumentError
from vidi.inference.models.discovery.queue_api import read_fal
from vidi.inference.models.discovery.template import list_changes, make_template, refresh_template
from vidi.inference.models.discovery.template_text import render_template
from vidi.inference.models.ids import file_name
from vidi.inference.models.loading import TemplateError, read_template
from vidi.strict_json import mend_texts

KEYS = (
    "type", "anyOf", "allOf", "oneOf", "$ref", "items", "properties", "required", "enum", "default",
    "minimum", "maxLength", "minItems", "format", "title", "description", "examples", "const",
    "deprecated", "x-order", "ui", "url", "x-cog-secret", "paths", "components", "schemas", "Input",
    "latest_version", "openapi_schema", "id", "owner", "name", "is_official", "info",
)  # fmt: skip
PARAMS = {"prompt": {"type": "string", "default": "x"}, "image": URI}
COG = json.loads(json.dumps(cog(PARAMS, {"type": "string", "format": "uri"}), default=str))
QUEUE = json.loads(
    json.dumps(queue(PARAMS, {"images": {"type": "array"}}, order=["prompt"]), default=str)
)


def check(data: bytes) -> str:
    document = mend_texts(json.loads(data))  # halves of surrogates are refused where it is asked
    return " ".join(
        _read(read)
        for read in (
            lambda: read_replicate("replicate/acme/paint", document),
            lambda: read_fal("fal/acme/paint", document, document, document),
        )
    )


def _read(read) -> str:
    try:
        found = read()
    except DocumentError:
        return "refused"
    made = make_template(found, TODAY)
    assert render_template(refresh_template(made, found, TODAY)) == render_template(made)
    try:
        model = read_template(render_template(made), Path(str(file_name(found.id))))
    except TemplateError:
        return "no template"
    assert list_changes(model, found) == []
    return "template"


TARGET = Target(piped(one_of(altered([COG, QUEUE], KEYS), values(KEYS)), as_json), check)
