"""Whatever a provider sends: a template that holds, or one DocumentError."""

from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.models.provider_documents import TODAY, URI, cog, queue
from support.turns import examples
from vidi.inference.models.discovery.cog import read_replicate
from vidi.inference.models.discovery.discovery import DocumentError
from vidi.inference.models.discovery.queue_api import read_fal
from vidi.inference.models.discovery.template import list_changes, make_template, refresh_template
from vidi.inference.models.discovery.template_text import render_template
from vidi.inference.models.ids import file_name
from vidi.inference.models.loading import TemplateError, read_template

KEYS = st.sampled_from([
    "type", "anyOf", "allOf", "oneOf", "$ref", "items", "properties", "required", "enum", "default",
    "minimum", "maxLength", "minItems", "format", "title", "description", "examples", "const",
    "deprecated", "x-order", "ui", "url", "x-cog-secret",
])  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10**6)
    | st.sampled_from([Decimal("0.5"), Decimal("1E+30")])
    | st.sampled_from(["string", "integer", "array", "object", "null", "uri", "password", "a", ""])
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)
ENOUGH = settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def use(read):
    try:
        found = read()
    except DocumentError:
        return
    made = make_template(found, TODAY)
    assert render_template(refresh_template(made, found, TODAY)) == render_template(made)
    with suppress(TemplateError):  # such a document makes no template, as `pull` says
        model = read_template(render_template(made), Path(str(file_name(found.id))))
        assert list_changes(model, found) == []


@ENOUGH
@given(schema=JSON, output=JSON, required=JSON)
def test_any_document_of_replicate(schema, output, required):
    document = cog({"prompt": schema, "image": URI}, output)
    document["latest_version"]["openapi_schema"]["components"]["schemas"]["Input"]["required"] = (
        required
    )
    use(lambda: read_replicate("replicate/acme/paint", document))


@ENOUGH
@given(schema=JSON, output=JSON, order=JSON, listed=JSON, priced=JSON)
def test_any_document_of_fal(schema, output, order, listed, priced):
    openapi = queue({"prompt": schema, "image_url": URI}, {"images": output}, order=order)
    use(lambda: read_fal("fal/acme/paint", openapi, listed, priced))


@ENOUGH
@given(document=JSON)
def test_any_json_at_all(document):
    use(lambda: read_replicate("replicate/acme/paint", document))
    use(lambda: read_fal("fal/acme/paint", document))
