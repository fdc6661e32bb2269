"""Template files that are broken, and the whole message that says where."""

import json
from decimal import Decimal

import pytest

from support.models.templates import PARAMS, ROW, template, write_template
from vidi.inference.models.ids import file_name
from vidi.inference.models.loading import TemplateError, load_template
from vidi.inference.models.template import Billing, Call

ONE_RATE = "needs exactly one of usd_per_request, usd_per_run, usd_per_image, usd_per_video, …"
ONE_FORM = "needs exactly one of param, seconds, count, characters, …"
ONE_PRICE = "needs exactly one of rates, unpriced"
NONE = {"unpriced": "x"}
HINT = "docs/template.schema.json and docs/prices.md say what a template holds."


def unexpected(key):
    return f"Additional properties are not allowed ('{key}' was unexpected)"


BROKEN_TEXT = [
    ('{"id": 1,}', "{path}:1:10 is not valid JSON: Illegal trailing comma before end of object"),
    ("", "{path}:1:1 is not valid JSON: Expecting value"),
    ("nul", "{path}:1:1 is not valid JSON: Expecting value"),
    ('{\n "id": "a"\n "title"}', "{path}:3:2 is not valid JSON: Expecting ',' delimiter"),
    ('{"timeout_s": NaN}', "{path} is not valid JSON: NaN is not a number that JSON knows"),
    ("[]", '{path}:1:1: the template: [] is not of type "object"'),
    ("{} ", '{path}:1:1: the template: "id" is a required property'),
]
WRONG = [
    ({"id": "acme/painter"}, "id", ":2:8"),
    ({"title": ""}, "title", ":3:11"),
    ({"output_type": "images"}, "output_type", ":5:17"),
    ({"timeout_s": 0}, "timeout_s", None),
    ({"timeout": 5}, "the template", ":1:1"),
    ({"sources": []}, "sources", None),
    ({"as_of": {"pricing": "2026-05"}}, "as_of", None),
    ({"as_of": {"params": "May"}}, "as_of.params", None),
    ({"confidence": {"params": "sure"}}, "confidence.params", None),
    ({"page": "ftp://example.com"}, "page", None),
    ({"params": {**PARAMS, "additionalProperties": True}}, "params.additionalProperties", None),
    ({"params": {**PARAMS, "properties": {"a": {"typ": "string"}}}}, "params.properties.a", None),
    (
        {"params": {**PARAMS, "properties": {"a": {"x-file": "pdf"}}}},
        "params.properties.a.x-file",
        None,
    ),
    ({"pricing": {"rows": [{**ROW, "from": "soon"}]}}, "pricing.rows.0.from", None),
    ({"pricing": {"rows": [{**ROW, "form": 1}]}}, "pricing.rows.0", None),
]
LINES = [
    ({"rates": [{"usd_per_picture": 1}]}, ".rates.0", unexpected("usd_per_picture")),
    ({"rates": [{"first": 1}]}, ".rates.0", ONE_RATE),
    ({"rates": [{"usd_per_image": 1, "usd_per_run": 1}]}, ".rates.0", ONE_RATE),
    ({"rates": [{"usd_per_run": -1}]}, ".rates.0.usd_per_run", "-1 is less than the minimum of 0"),
    ({"rates": [{"usd_per_image": 1}], **NONE}, "", ONE_PRICE),
    ({}, "", ONE_PRICE),
    ({"quantity": {"parm": "n"}, **NONE}, ".quantity", ONE_FORM),
    ({"quantity": {"sum": [{"up": {"to": 5}}]}, **NONE}, ".quantity.sum.0.up", ONE_FORM),
    ({"quantity": {"param": "n", "esle": 1}, **NONE}, ".quantity", unexpected("esle")),
    ({"quantity": -1, **NONE}, ".quantity", "-1 is less than the minimum of 0"),
    ({"quantity": {"range": [1, 2]}, **NONE}, ".quantity", '"why" is a required property'),
    ({"quantity": {"quotient": [1]}, **NONE}, ".quantity.quotient", "[1] has less than 2 items"),
    ({"when": {}, **NONE}, ".when", "{} has less than 1 property"),
    ({"when": {"a": {"le": 5}}, **NONE}, ".when.a", unexpected("le")),
    ({"round": {"mode": "off"}, **NONE}, ".round.mode",
     '"off" is not one of "up", "nearest" or "down"'),
    ({"multipliers": [{"factor": 2, "by": 2}], **NONE},
     ".multipliers.0", "needs exactly one of factor, by"),
]  # fmt: skip


def refused(path):
    with pytest.raises(TemplateError) as caught:
        load_template(path)
    assert (caught.value.exit_code, caught.value.code) == (2, "template")
    assert caught.value.place.path == str(path)
    return caught.value


@pytest.mark.parametrize(("content", "says"), BROKEN_TEXT)
def test_a_text_that_is_no_template(tmp_path, content, says):
    path = write_template(tmp_path, content=content or " ")
    message = refused(path).message
    # Python 3.11 and 3.12 word a trailing comma in their own way.
    if "trailing comma" in says and "trailing comma" not in message:
        assert message.startswith(f"{path}:1:")
    else:
        assert message.replace(":1:2 ", ":1:1 ") == says.format(path=path)


@pytest.mark.parametrize(("changes", "where", "place"), WRONG, ids=[row[1] for row in WRONG])
def test_a_key_that_is_wrong(tmp_path, changes, where, place):
    path = write_template(tmp_path, content=json.dumps({**template(), **changes}, indent=1))
    error = refused(path)
    assert error.message.startswith(f"{error.place}: {where}: ")
    assert place is None or str(error.place) == f"{path}{place}"
    assert error.hint == HINT


@pytest.mark.parametrize(("line", "where", "says"), LINES, ids=[row[1] + row[2] for row in LINES])
def test_a_price_line_that_is_wrong(tmp_path, line, where, says):
    row = {**ROW, "lines": [{"label": "images", **line}]}
    error = refused(write_template(tmp_path, pricing={"rows": [row]}))
    assert error.message == f"{error.place}: pricing.rows.0.lines.0{where}: {says}"


def test_the_id_must_belong_to_the_file_name(tmp_path):
    path = write_template(tmp_path, "fal/acme-sculptor.json")
    assert refused(path).message == (
        f"{path}:2:8: id: the id fal/acme/painter belongs in fal/acme-painter.json, "
        "not in fal/acme-sculptor.json"
    )


def test_a_file_that_cannot_be_read(tmp_path):
    assert refused(tmp_path / "fal" / "no.json").message.startswith(
        f"{tmp_path}/fal/no.json cannot be read: "
    )
    path = write_template(tmp_path)
    path.write_bytes(b"\xff\xfe")
    assert refused(path).message.startswith(f"{path} cannot be read: ")


@pytest.mark.parametrize(
    ("model_id", "name"),
    [
        ("replicate/a/b", "replicate/a_b.json"),
        ("fal/a", "fal/a.json"),
        ("fal/a/b/c-d", "fal/a-b-c-d.json"),
        ("replicate/a", None),
        ("replicate/a/b/c", None),
        ("openai/a/b", None),
        ("fal/", None),
        ("fal/../a", None),
        ("fal/a//b", None),
        ("fal/a\\b", None),
        ("fal/a\0", None),
    ],
)
def test_file_names(model_id, name):
    assert file_name(model_id) == name


@pytest.mark.parametrize(
    ("changes", "call"),
    [
        ({"call": {"official": True}}, Call(official=True)),
        ({"call": {"version": "a" * 64}}, Call(version="a" * 64)),
        ({"call": {"deployment": "acme/fast"}}, Call(deployment="acme/fast")),
        ({"version": "abc"}, Call(version="abc")),
        ({}, Call(official=True)),
    ],
)
def test_how_replicate_runs_a_model(tmp_path, changes, call):
    name, model_id = "replicate/acme_painter.json", "replicate/acme/painter"
    model = load_template(write_template(tmp_path, name, model_id=model_id, **changes))
    assert (model.call, model.version) == (call, call.version)


def test_a_base_price_is_exact(tmp_path):
    billing = {"unit": "units", "unit_usd": 0.1, "as_of": "2026-05", "source": "the pricing API"}
    model = load_template(write_template(tmp_path, billing=billing))
    assert model.billing == Billing("units", Decimal("0.1"), "2026-05", "the pricing API")
    assert model.call is None


def test_what_took_the_place_of_a_model_and_its_other_names(tmp_path):
    names = {"retired": "gone", "replaced_by": ["fal/acme/b"], "aliases": ["fal/acme/c"]}
    model = load_template(write_template(tmp_path, **names))
    assert (model.retired, model.replaced_by, model.aliases) == (
        "gone",
        ("fal/acme/b",),
        ("fal/acme/c",),
    )
